// The coordinator's keys. Secrets live in memory that is wiped.

#ifndef SOTTO_SERVER_KEYS_H_
#define SOTTO_SERVER_KEYS_H_

#include "absl/status/statusor.h"
#include "crypto/kex.h"
#include "crypto/sign.h"
#include "server/config.h"

namespace sotto::server {

struct Keys {
  crypto::SigningKey coordinator;     // manifests of rounds
  crypto::SigningKey director;        // rollout rules
  crypto::SigningKey broker_signing;  // grants
  crypto::X25519Key broker;           // opens escrows
  crypto::PublicKey issuer = {};      // of device certificates
};

// The files that `config` names. Errors of ReadKeyFile with the configuration
// key in front.
absl::StatusOr<Keys> ReadKeys(const Config& config);

}  // namespace sotto::server

#endif  // SOTTO_SERVER_KEYS_H_
