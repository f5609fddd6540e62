#include <cstddef>
#include <cstdint>

#include "base/codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  sotto::Decoder decoder(sotto::ByteView(data, size));
  while (decoder.Octets("item").ok() && decoder.U32("number").ok() &&
         decoder.Text("text").ok()) {
  }
  return 0;
}
