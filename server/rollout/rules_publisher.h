// Where signed rules go and where signed targets come from, as the controller
// sees it.

#ifndef SOTTO_SERVER_ROLLOUT_RULES_PUBLISHER_H_
#define SOTTO_SERVER_ROLLOUT_RULES_PUBLISHER_H_

#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"

namespace sotto::server {

class RulesPublisher {
 public:
  virtual ~RulesPublisher() = default;
  // Signs and publishes the app's rollout document as a target of the director
  // repository. Idempotent: publishing what is published does nothing.
  virtual absl::Status PublishRules(const std::string& app,
                                    ByteView document) = 0;
  // A target of the models repository: a plan, a policy. NOT_FOUND.
  virtual absl::StatusOr<Bytes> ReadTarget(const std::string& name) = 0;
  // Whether the models repository has packages of this release.
  virtual absl::StatusOr<bool> HasRelease(const std::string& model,
                                          std::uint64_t release) = 0;
};

}  // namespace sotto::server

#endif  // SOTTO_SERVER_ROLLOUT_RULES_PUBLISHER_H_
