// The director repository: signs rollout rules online, with the director's key,
// under a root that was signed offline.
//
// Not thread-safe.

#ifndef SOTTO_SERVER_ROLLOUT_DIRECTOR_H_
#define SOTTO_SERVER_ROLLOUT_DIRECTOR_H_

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/file_lock.h"
#include "crypto/sign.h"
#include "model_store/tuf/repository.h"
#include "server/models/published_models.h"
#include "server/rollout/rules_publisher.h"

namespace sotto::server {

class Director final : public RulesPublisher {
 public:
  // All are borrowed. `model_store` holds director-root/1.root.json and gets
  // director/.
  Director(const std::string& model_store, const crypto::SigningKey& key,
           PublishedModels& models, Clock& clock);

  // Opens or makes the repository, with fresh expiry. NOT_FOUND: no root.
  // FAILED_PRECONDITION: another coordinator signs for this model store.
  absl::Status Start();
  // Signs again when half of the metadata's lifetime is over.
  absl::Status Tick();

  absl::Status PublishRules(const std::string& app, ByteView document) override;
  absl::StatusOr<Bytes> ReadTarget(const std::string& name) override {
    return models_.ReadTarget(name);
  }
  absl::StatusOr<bool> HasRelease(const std::string& model,
                                  std::uint64_t release) override {
    return models_.HasRelease(model, release);
  }

 private:
  const std::string model_store_;
  const crypto::SigningKey& key_;
  PublishedModels& models_;
  Clock& clock_;
  std::optional<FileLock> lock_;
  std::optional<model_store::Repository> repository_;
  std::int64_t signed_at_ms_ = 0;
};

}  // namespace sotto::server

#endif  // SOTTO_SERVER_ROLLOUT_DIRECTOR_H_
