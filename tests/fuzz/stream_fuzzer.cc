#include <cstddef>
#include <cstdint>

#include "crypto/stream.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const sotto::crypto::Stream stream{sotto::crypto::Secret<32>()};
  stream.OpenAll({data, size}).status().IgnoreError();
  return 0;
}
