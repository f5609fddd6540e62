// The device's long-lived keys and its certificate.
//
// `request`, which the issuer certifies, is one JSON object:
//   {"type": "sotto-device-request", "population": P, "identity_key": 64 hex}
// The certificate is crypto/certificate.h's encoding, as it is.

#ifndef SOTTO_CLIENT_STORAGE_IDENTITY_H_
#define SOTTO_CLIENT_STORAGE_IDENTITY_H_

#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "client/storage/storage_folder.h"
#include "crypto/certificate.h"
#include "crypto/hpke.h"
#include "crypto/rng.h"
#include "crypto/sign.h"

namespace sotto::client {

struct Identity {
  crypto::SigningKey key;
  crypto::HpkeKeyPair grant_key;  // X25519; grants are sealed to it
  crypto::Certificate certificate;
  Bytes certificate_bytes;
};

// Creates the folder, both keys and the request. ALREADY_EXISTS: the folder has
// an identity.
absl::Status CreateIdentity(const std::string& folder,
                            const std::string& population, crypto::Rng& rng);

// INVALID_ARGUMENT: malformed. PERMISSION_DENIED: for another key. NOT_FOUND:
// no identity in `folder`.
absl::Status KeepCertificate(const std::string& folder,
                             ByteView certificate_bytes);

// NOT_FOUND: no identity or no certificate; the message says which command
// makes it. UNAUTHENTICATED: expired, or not of `issuer`. FAILED_PRECONDITION:
// of another population.
absl::StatusOr<Identity> LoadIdentity(const StoragePaths& paths,
                                      const crypto::PublicKey& issuer,
                                      const std::string& population,
                                      UnixTime now);

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_STORAGE_IDENTITY_H_
