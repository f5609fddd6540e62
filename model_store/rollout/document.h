// The rollout document: signed rules from which each device computes its own
// arm (docs/formats/rollout.md). Signed as a target of the director repository.

#ifndef SOTTO_MODEL_STORE_ROLLOUT_DOCUMENT_H_
#define SOTTO_MODEL_STORE_ROLLOUT_DOCUMENT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/sha2.h"

namespace sotto::model_store {

enum class RolloutState : std::uint8_t { kRunning, kHeld, kReverting, kDone };
std::string RolloutStateName(RolloutState state);

struct RolloutArm {
  std::string name;
  std::uint64_t release = 0;  // release counter
  std::uint32_t start_bp =
      0;  // of the arm hash; anchored for the whole rollout
  std::uint32_t width_bp = 0;

  bool operator==(const RolloutArm&) const = default;
};

struct RolloutNamespace {
  std::string id;
  double low = 0, high = 1;

  bool operator==(const RolloutNamespace&) const = default;
};

struct RolloutDocument {
  std::string app;
  std::string model;  // family
  std::string salt;
  std::uint64_t seq = 0;
  Bytes prev_digest;          // SHA-256 of the document before, or empty
  std::uint32_t step_bp = 0;  // share of the population inside, of 10 000
  std::vector<RolloutArm> arms;
  std::string condition;  // GrowthBook condition JSON, or empty
  std::optional<RolloutNamespace> name_space;
  RolloutState state = RolloutState::kDone;
  std::string policy_ref;  // target name of the signed policy
  std::int64_t started_ms = 0;
  std::int64_t signed_at_ms = 0;
  std::uint64_t base_release =
      0;  // what devices outside run; all, unless running

  bool operator==(const RolloutDocument&) const = default;
};

Bytes EncodeRollout(const RolloutDocument& document);
// INVALID_ARGUMENT names the field: malformed, shares above 10 000, arms that
// overlap, names that are empty or too long.
absl::StatusOr<RolloutDocument> DecodeRollout(ByteView bytes);

}  // namespace sotto::model_store

#endif  // SOTTO_MODEL_STORE_ROLLOUT_DOCUMENT_H_
