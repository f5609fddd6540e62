// The folder of private keys that `sotto store init` makes, and the roles that
// they sign.
//
//   issuer.key root1..n.key targets1..n.key family-NAME.key snapshot.key
//   timestamp.key director.key coordinator.key broker-signing.key  Ed25519
//   broker.key                                                     X25519
//   public.json                                                    all publics
//
// Not thread-safe.

#ifndef SOTTO_TOOLS_SOTTO_STORE_KEYS_H_
#define SOTTO_TOOLS_SOTTO_STORE_KEYS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "crypto/kex.h"
#include "crypto/rng.h"
#include "crypto/sign.h"
#include "model_store/tuf/repository.h"

namespace sotto::tools {

struct KeyCounts {
  std::vector<std::string> families;
  std::uint32_t root_keys = 3, root_threshold = 2;
  std::uint32_t targets_keys = 3, targets_threshold = 2;
};

class StoreKeys {
 public:
  // Makes the folder and every key in it. INVALID_ARGUMENT: a count or family
  // name that cannot be. ALREADY_EXISTS: the folder has keys.
  static absl::Status Make(const std::string& folder, const KeyCounts& counts,
                           crypto::Rng& rng);
  // The keys that are at hand; offline ones may be absent. NOT_FOUND: no
  // public.json; errors of the key files.
  static absl::StatusOr<StoreKeys> Read(const std::string& folder);

  // The roles of the two repositories; they borrow from this object. Their
  // thresholds are those of public.json.
  model_store::RepositoryRoles ModelsRoles() const;
  model_store::RepositoryRoles DirectorRoles() const;

  // The issuer and the broker by what public.json says of them.
  const crypto::PublicKey& issuer() const { return issuer_; }
  const crypto::X25519PublicKey& broker() const { return broker_; }
  // "family/NAME" of a model "NAME/...", if there is one.
  absl::StatusOr<std::string> RoleOf(const std::string& model) const;

 private:
  std::vector<const crypto::SigningKey*> Named(const std::string& prefix) const;

  std::string folder_;
  std::map<std::string, crypto::SigningKey> keys_;  // by file name, no suffix
  std::vector<std::string> families_;
  std::uint32_t root_threshold_ = 0, targets_threshold_ = 0;
  crypto::PublicKey issuer_ = {};
  crypto::X25519PublicKey broker_ = {};
};

}  // namespace sotto::tools

#endif  // SOTTO_TOOLS_SOTTO_STORE_KEYS_H_
