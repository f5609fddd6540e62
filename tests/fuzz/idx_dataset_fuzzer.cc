#include <cstddef>
#include <cstdint>

#include "training/local/idx_dataset.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const auto unpacked =
      sotto::training::Gunzip({data, size}, std::size_t{1} << 20);
  (void)sotto::training::ParseIdx(unpacked.ok() ? sotto::ByteView(*unpacked)
                                                : sotto::ByteView(data, size));
  return 0;
}
