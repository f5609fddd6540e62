#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "sotto/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const auto config =
      sotto::ParseClientConfig(sotto::AsText(sotto::ByteView(data, size)));
  config.status().IgnoreError();
  return 0;
}
