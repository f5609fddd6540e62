#include <cstddef>
#include <cstdint>

#include "crypto/certificate.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const auto certificate = sotto::crypto::VerifyCertificate(
      {data, size}, sotto::crypto::PublicKey{1}, sotto::UnixTime());
  certificate.status().IgnoreError();
  return 0;
}
