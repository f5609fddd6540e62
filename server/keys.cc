#include "server/keys.h"

#include <utility>

#include "base/status.h"
#include "crypto/key_file.h"

namespace sotto::server {
namespace {

template <typename Key>
absl::StatusOr<Key> Named(absl::StatusOr<Key> key, const char* name) {
  if (key.ok()) return key;
  return Annotate(key.status(), std::string("key 'keys.") + name + "'");
}

}  // namespace

absl::StatusOr<Keys> ReadKeys(const Config& config) {
  SOTTO_ASSIGN_OR_RETURN(
      crypto::SigningKey coordinator,
      Named(crypto::ReadSigningKeyFile(config.coordinator_key), "coordinator"));
  SOTTO_ASSIGN_OR_RETURN(
      crypto::SigningKey director,
      Named(crypto::ReadSigningKeyFile(config.director_key), "director"));
  SOTTO_ASSIGN_OR_RETURN(
      crypto::SigningKey broker_signing,
      Named(crypto::ReadSigningKeyFile(config.broker_signing_key),
            "broker_signing"));
  SOTTO_ASSIGN_OR_RETURN(
      crypto::X25519Key broker,
      Named(crypto::ReadX25519KeyFile(config.broker_key), "broker"));
  SOTTO_ASSIGN_OR_RETURN(const crypto::PublicKey issuer,
                         crypto::ParsePublicKeyHex(config.issuer_public_hex,
                                                   "key 'keys.issuer_public'"));
  return Keys{.coordinator = std::move(coordinator),
              .director = std::move(director),
              .broker_signing = std::move(broker_signing),
              .broker = std::move(broker),
              .issuer = issuer};
}

}  // namespace sotto::server
