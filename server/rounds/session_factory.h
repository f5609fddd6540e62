// Rounds run protocol SA-1 of secure_agg/.

#ifndef SOTTO_SERVER_ROUNDS_SESSION_FACTORY_H_
#define SOTTO_SERVER_ROUNDS_SESSION_FACTORY_H_

#include <memory>

#include "crypto/sign.h"
#include "server/rounds/round.h"

namespace sotto::server {

class SessionFactory final : public AggregatorFactory {
 public:
  // `key` is the coordinator's; borrowed.
  SessionFactory(const crypto::SigningKey& key, const crypto::PublicKey& issuer)
      : key_(key), issuer_(issuer) {}

  // INVALID_ARGUMENT: the plan and the cohort do not fit the protocol.
  absl::StatusOr<std::unique_ptr<secure_agg::Aggregator>> Create(
      const TaskSettings& task, const RoundRecord& round,
      std::uint32_t model_length) override;
  // DATA_LOSS: a damaged snapshot.
  absl::StatusOr<std::unique_ptr<secure_agg::Aggregator>> Restore(
      ByteView snapshot) override;

 private:
  const crypto::SigningKey& key_;
  crypto::PublicKey issuer_;
};

}  // namespace sotto::server

#endif  // SOTTO_SERVER_ROUNDS_SESSION_FACTORY_H_
