#include "model_store/rollout/document.h"

#include <algorithm>

#include "base/status.h"
#include "flatbuffers/flatbuffers.h"
#include "proto/container/rollout_generated.h"

namespace sotto::model_store {
namespace {

constexpr std::uint32_t kFull = 10000;
constexpr std::size_t kMaxText = 256;
constexpr std::size_t kMaxCondition = 65536;
constexpr std::size_t kMaxArms = 64;
constexpr std::int64_t kMaxTimeMs = std::int64_t{1} << 53;

std::string TextOf(const flatbuffers::String* text) {
  return text == nullptr ? "" : text->str();
}

absl::Status CheckArms(const std::vector<RolloutArm>& arms) {
  std::vector<RolloutArm> sorted = arms;
  std::ranges::sort(sorted, {}, &RolloutArm::start_bp);
  std::uint64_t end = 0;
  for (const RolloutArm& arm : sorted) {
    if (arm.name.empty() || arm.name.size() > kMaxText || arm.start_bp < end ||
        std::uint64_t{arm.start_bp} + arm.width_bp > kFull) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "rollout: arm '%s' overlaps another, exceeds 10000 or is misnamed",
          arm.name));
    }
    end = std::uint64_t{arm.start_bp} + arm.width_bp;
  }
  return absl::OkStatus();
}

}  // namespace

std::string RolloutStateName(RolloutState state) {
  switch (state) {
    case RolloutState::kRunning:
      return "running";
    case RolloutState::kHeld:
      return "held";
    case RolloutState::kReverting:
      return "reverting";
    case RolloutState::kDone:
      return "done";
  }
  return "unknown";
}

Bytes EncodeRollout(const RolloutDocument& d) {
  flatbuffers::FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<container::RolloutArm>> arms;
  for (const RolloutArm& arm : d.arms) {
    arms.push_back(container::CreateRolloutArmDirect(
        builder, arm.name.c_str(), arm.release, arm.start_bp, arm.width_bp));
  }
  const RolloutNamespace ns = d.name_space.value_or(RolloutNamespace{});
  builder.Finish(container::CreateRolloutRulesDirect(
      builder, d.app.c_str(), d.model.c_str(), d.salt.c_str(), d.seq,
      &d.prev_digest, d.step_bp, &arms, d.condition.c_str(), ns.id.c_str(),
      ns.low, ns.high, static_cast<container::RolloutState>(d.state),
      d.policy_ref.c_str(), d.started_ms, d.signed_at_ms, d.base_release));
  return {builder.GetBufferPointer(),
          builder.GetBufferPointer() + builder.GetSize()};
}

absl::StatusOr<RolloutDocument> DecodeRollout(ByteView unaligned) {
  const Bytes bytes(unaligned.begin(), unaligned.end());
  flatbuffers::Verifier verifier(bytes.data(), bytes.size(), 8, 1024);
  if (bytes.size() < 8 ||
      !verifier.VerifyBuffer<container::RolloutRules>(nullptr)) {
    return absl::InvalidArgumentError("rollout: malformed");
  }
  const auto* t = flatbuffers::GetRoot<container::RolloutRules>(bytes.data());
  RolloutDocument d;
  d.app = TextOf(t->app());
  d.model = TextOf(t->model());
  d.salt = TextOf(t->salt());
  d.policy_ref = TextOf(t->policy_ref());
  d.condition = TextOf(t->condition());
  for (const std::string* text : {&d.app, &d.model, &d.salt, &d.policy_ref}) {
    if (text->size() > kMaxText) {
      return absl::InvalidArgumentError("rollout: a text is too long");
    }
  }
  if (d.model.empty() || d.condition.size() > kMaxCondition) {
    return absl::InvalidArgumentError(
        "rollout: model is empty or condition is too long");
  }
  d.seq = t->seq();
  if (t->prev_digest() != nullptr) {
    d.prev_digest.assign(t->prev_digest()->begin(), t->prev_digest()->end());
  }
  if (!d.prev_digest.empty() && d.prev_digest.size() != 32) {
    return absl::InvalidArgumentError("rollout: prev_digest is not 32 bytes");
  }
  d.step_bp = t->step_bp();
  if (d.step_bp > kFull) {
    return absl::InvalidArgumentError(
        absl::StrFormat("rollout: step_bp is %d, above 10000", d.step_bp));
  }
  if (t->arms() != nullptr) {
    if (t->arms()->size() > kMaxArms) {
      return absl::InvalidArgumentError("rollout: more than 64 arms");
    }
    for (const auto* arm : *t->arms()) {
      d.arms.push_back({.name = TextOf(arm->name()),
                        .release = arm->release(),
                        .start_bp = arm->start_bp(),
                        .width_bp = arm->width_bp()});
    }
  }
  SOTTO_RETURN_IF_ERROR(CheckArms(d.arms));
  if (!TextOf(t->namespace_id()).empty()) {
    d.name_space = {.id = TextOf(t->namespace_id()),
                    .low = t->namespace_low(),
                    .high = t->namespace_high()};
  }
  const auto state = static_cast<std::uint8_t>(t->state());
  if (state > 3) return absl::InvalidArgumentError("rollout: unknown state");
  d.state = static_cast<RolloutState>(state);
  d.started_ms = t->started_ms();
  d.signed_at_ms = t->signed_at_ms();
  d.base_release = t->base_release();
  // Bounded, so that differences of times cannot overflow.
  for (const std::int64_t time : {d.started_ms, d.signed_at_ms}) {
    if (time < 0 || time > kMaxTimeMs) {
      return absl::InvalidArgumentError("rollout: a time is out of range");
    }
  }
  return d;
}

}  // namespace sotto::model_store
