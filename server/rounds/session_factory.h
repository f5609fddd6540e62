// Rounds run protocol SA-1 of secure_agg/.

#ifndef SOTTO_SERVER_ROUNDS_SESSION_FACTORY_H_
#define SOTTO_SERVER_ROUNDS_SESSION_FACTORY_H_

#include <memory>
#include <string>
#include <utility>

#include "crypto/sign.h"
#include "server/rounds/round.h"

namespace sotto::server {

// That cohorts of the task find a graph: its smallest, its largest, and some
// between. A round whose cohort is of another size that finds none is
// abandoned. INVALID_ARGUMENT says why there is none.
absl::Status CheckCohorts(const v1::CreateTaskRequest& request,
                          const v1::Plan& plan);

class SessionFactory final : public AggregatorFactory {
 public:
  // `key` is the coordinator's; borrowed. Incomplete inputs are kept in
  // `uploads`, a folder of the coordinator's own; a subfolder a task.
  SessionFactory(const crypto::SigningKey& key, const crypto::PublicKey& issuer,
                 std::string uploads)
      : key_(key), issuer_(issuer), uploads_(std::move(uploads)) {}

  // INVALID_ARGUMENT: the plan and the cohort do not fit the protocol. Errors
  // of the folder. What an earlier round of the task left there is removed.
  absl::StatusOr<std::unique_ptr<secure_agg::Aggregator>> Create(
      const TaskSettings& task, const RoundRecord& round,
      std::uint32_t model_length) override;
  // DATA_LOSS: a damaged snapshot. Errors of the folder.
  absl::StatusOr<std::unique_ptr<secure_agg::Aggregator>> Restore(
      const TaskSettings& task, ByteView snapshot) override;

 private:
  const crypto::SigningKey& key_;
  crypto::PublicKey issuer_;
  std::string uploads_;
};

}  // namespace sotto::server

#endif  // SOTTO_SERVER_ROUNDS_SESSION_FACTORY_H_
