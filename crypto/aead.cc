#include "crypto/aead.h"

#include "base/status.h"

namespace sotto::crypto {

Bytes Aead::Seal(const AeadNonce& nonce, ByteView associated_data,
                 ByteView plaintext) const {
  Bytes out(plaintext.size() + kAeadTagBytes);
  SealInto(nonce, associated_data, plaintext, out);
  return out;
}

absl::StatusOr<SecretBytes> Aead::Open(const AeadNonce& nonce,
                                       ByteView associated_data,
                                       ByteView ciphertext) const {
  if (ciphertext.size() < kAeadTagBytes) {
    return absl::DataLossError("ciphertext is shorter than its tag");
  }
  SecretBytes out(ciphertext.size() - kAeadTagBytes);
  SOTTO_RETURN_IF_ERROR(
      OpenInto(nonce, associated_data, ciphertext, out.RevealMutable()));
  return out;
}

}  // namespace sotto::crypto
