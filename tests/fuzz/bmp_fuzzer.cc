#include <cstddef>
#include <cstdint>

#include "runtime/support/image.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const auto image = sotto::runtime::DecodeImage({data, size});
  // Every pixel is read.
  if (image.ok()) (void)sotto::runtime::Resize(*image, 4, 4);
  return 0;
}
