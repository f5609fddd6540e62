// A registry in a file, with its signing key beside it (`PATH.key`): what an
// owner runs alone. It proves the order of events to those who trust whoever
// holds that key, and to no one else.

#ifndef SOTTO_WATERMARK_EVIDENCE_LOCAL_REGISTRY_H_
#define SOTTO_WATERMARK_EVIDENCE_LOCAL_REGISTRY_H_

#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "runtime/loader/model.h"
#include "watermark/evidence/registry.h"

namespace sotto::watermark {

// Errors of ReadFile and Registry::Parse; messages start with the path.
absl::StatusOr<Registry> ReadRegistryFile(const std::string& path);

struct RegisterOutcome {
  Registration registration;
  bool existed = false;
  crypto::Sha256Digest head = {};
};

// Commits to `model` as it is before any mark and gets the nonce; each step is
// on disk before the next one begins. The same key and model again return what
// is there (an interrupted registration is completed), so nonces cannot be
// collected. Makes the registry and its key when neither exists.
// FAILED_PRECONDITION: one of the two exists alone. Errors of FindCarrier: the
// model cannot carry a mark. Errors of ReadRegistryFile.
absl::StatusOr<RegisterOutcome> RegisterModel(const std::string& path,
                                              const OwnerKey& key,
                                              const runtime::Model& model,
                                              crypto::Rng& rng, Clock& clock);

// Records that the mark of registration `number` was put into `marked`.
absl::Status AttestModel(const std::string& path, const OwnerKey& key,
                         std::uint64_t number,
                         const crypto::Sha256Digest& marked, Clock& clock);

}  // namespace sotto::watermark

#endif  // SOTTO_WATERMARK_EVIDENCE_LOCAL_REGISTRY_H_
