#include "client/update/updater.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/crash_point.h"
#include "base/file.h"
#include "base/status.h"
#include "client/storage/download_ledger.h"
#include "client/storage/release_slots.h"
#include "client/storage/trusted_rollout.h"
#include "client/update/resumable_download.h"
#include "model_store/container/leaves.h"
#include "model_store/rollout/assignment.h"
#include "model_store/rollout/policy.h"
#include "nlohmann/json.hpp"

namespace sotto::client {
namespace {

constexpr std::uint64_t kMaxDocumentBytes = 256 * 1024;
constexpr std::uint64_t kMaxPolicyBytes = 64 * 1024;

class RolloutUpdater final : public Updater {
 public:
  explicit RolloutUpdater(const Parts& parts)
      : parts_(parts),
        slots_(parts.database),
        device_(HexEncode(parts.identity.certificate.device_id)) {}

  absl::StatusOr<ModelState> Refresh() override;
  absl::StatusOr<Bytes> FetchTarget(const std::string& name,
                                    std::uint64_t max_bytes) override;
  absl::StatusOr<model_store::OpenedPayload> FetchCheckpoint(
      ByteView digest, std::uint64_t size_bytes) override;

 private:
  // The document to follow; sets `is_new`.
  absl::StatusOr<model_store::RolloutDocument> FollowRollout(bool* is_new);
  absl::StatusOr<model_store::RolloutPolicy> PolicyOf(
      const model_store::RolloutDocument& document);
  absl::StatusOr<SignedTarget> TargetOf(std::uint64_t release);
  absl::Status Install(const SignedTarget& target, std::uint64_t release,
                       ModelState* state);
  absl::Status DownloadTo(const SignedTarget& target, const std::string& file,
                          ModelState* state);

  const Parts parts_;
  ReleaseSlots slots_;
  const std::string device_;
};

absl::StatusOr<model_store::RolloutPolicy> RolloutUpdater::PolicyOf(
    const model_store::RolloutDocument& document) {
  absl::StatusOr<Bytes> text =
      FetchTarget(document.policy_ref, kMaxPolicyBytes);
  if (!text.ok()) {
    return Annotate(text.status(),
                    absl::StrFormat("rollout of '%s', policy '%s'",
                                    document.model, document.policy_ref));
  }
  return model_store::ParseRolloutPolicy(*text);
}

absl::StatusOr<model_store::RolloutDocument> RolloutUpdater::FollowRollout(
    bool* is_new) {
  const std::string& family = parts_.config.model;
  TrustedRollout trusted(parts_.database);
  SOTTO_ASSIGN_OR_RETURN(const auto previous, trusted.Load(family));
  const std::string name = RolloutTargetName(parts_.config);
  absl::StatusOr<SignedTarget> target = parts_.director.Find(name);
  if (absl::IsNotFound(target.status())) {
    return absl::NotFoundError(absl::StrFormat(
        "the director has no rules '%s': no release of '%s' is set for this "
        "device yet",
        name, family));
  }
  if (!target.ok()) return target.status();
  SOTTO_ASSIGN_OR_RETURN(const Bytes bytes,
                         parts_.director.Fetch(*target, kMaxDocumentBytes));
  SOTTO_ASSIGN_OR_RETURN(model_store::RolloutDocument document,
                         model_store::DecodeRollout(bytes));
  *is_new = !previous.has_value() || *previous != bytes;
  if (!*is_new) return document;
  if (document.app != parts_.config.app || document.model != family) {
    return absl::PermissionDeniedError(absl::StrFormat(
        "rollout document '%s' is for app '%s' and model '%s', this device has "
        "'%s' and '%s'",
        name, document.app, document.model, parts_.config.app, family));
  }
  if (previous.has_value()) {
    SOTTO_ASSIGN_OR_RETURN(const model_store::RolloutPolicy policy,
                           PolicyOf(document));
    SOTTO_RETURN_IF_ERROR(model_store::CheckSuccessor(
        *previous, document, policy, parts_.clock.Now()));
  }
  SOTTO_RETURN_IF_ERROR(trusted.Save(family, document.seq, bytes));
  return document;
}

// A package of this device's own comes before the common one.
absl::StatusOr<SignedTarget> RolloutUpdater::TargetOf(std::uint64_t release) {
  const std::string common =
      absl::StrFormat("%s/%d", parts_.config.model, release);
  absl::StatusOr<SignedTarget> target =
      parts_.models.Find(common + "/" + device_ + ".mseal");
  if (absl::IsNotFound(target.status())) {
    target = parts_.models.Find(common + ".mseal");
  }
  if (absl::IsNotFound(target.status())) {
    return absl::NotFoundError(absl::StrFormat(
        "the models repository has no release %d of '%s' for device %s; it "
        "was published without this device",
        release, parts_.config.model, device_));
  }
  if (!target.ok()) return target.status();
  if (target->release_counter != release) {
    return absl::PermissionDeniedError(absl::StrFormat(
        "target '%s' is signed as release %d, the director calls it %d",
        target->name, target->release_counter, release));
  }
  if (target->length_bytes > parts_.config.policy.max_model_bytes) {
    return absl::PermissionDeniedError(absl::StrFormat(
        "target '%s' has %d bytes, this device's policy allows %d",
        target->name, target->length_bytes,
        parts_.config.policy.max_model_bytes));
  }
  return target;
}

absl::Status RolloutUpdater::DownloadTo(const SignedTarget& target,
                                        const std::string& file,
                                        ModelState* state) {
  // A kill between the rename and the slot leaves the whole file.
  const absl::StatusOr<Bytes> there = ReadFile(file, target.length_bytes);
  if (there.ok() && std::ranges::equal(crypto::Sha256(*there), target.sha256)) {
    return absl::OkStatus();
  }
  DownloadLedger ledger(parts_.database);
  SOTTO_ASSIGN_OR_RETURN(
      state->downloaded_bytes,
      Download({.name = target.name,
                .path = target.path,
                .file = file,
                .partial = parts_.paths.partial + "/" +
                           HexEncode(target.sha256) + ".part",
                .key = target.sha256,
                .length_bytes = target.length_bytes,
                .leaf_bytes = model_store::kLeafBytes,
                .leaves = target.leaves},
               parts_.source, ledger));
  return absl::OkStatus();
}

absl::Status RolloutUpdater::Install(const SignedTarget& target,
                                     std::uint64_t release, ModelState* state) {
  const std::string& family = parts_.config.model;
  SOTTO_RETURN_IF_ERROR(
      slots_.RaiseFloor(family, parts_.models.ReleaseFloor(family)));
  SOTTO_RETURN_IF_ERROR(
      slots_.CheckAllowed(family, release, state->rollout_seq));
  SOTTO_ASSIGN_OR_RETURN(const auto active, slots_.Active(family));
  SOTTO_ASSIGN_OR_RETURN(auto installed, slots_.Find(family, target.sha256));
  if (!installed) {
    const std::string file =
        parts_.paths.models + "/" + HexEncode(target.sha256) + ".mseal";
    SOTTO_RETURN_IF_ERROR(DownloadTo(target, file, state));
    installed = {.release = release,
                 .target = target.name,
                 .digest = target.sha256,
                 .file = file};
  }
  installed->release = release;
  SOTTO_ASSIGN_OR_RETURN(
      const std::string orphan,
      slots_.Activate(family, *installed, state->rollout_seq));
  CrashPoint("device-release-activated");
  if (!orphan.empty()) SOTTO_RETURN_IF_ERROR(RemoveFile(orphan));
  state->switched = !active || active->digest != installed->digest;
  state->reverted = state->switched && active && release < active->release;
  return absl::OkStatus();
}

absl::StatusOr<ModelState> RolloutUpdater::Refresh() {
  absl::Status status = parts_.models.Refresh();
  if (!status.ok()) return Annotate(status, "models repository");
  status = parts_.director.Refresh();
  if (!status.ok()) return Annotate(status, "director repository");

  ModelState state;
  SOTTO_ASSIGN_OR_RETURN(const model_store::RolloutDocument document,
                         FollowRollout(&state.new_document));
  SOTTO_ASSIGN_OR_RETURN(
      const model_store::Assignment assignment,
      model_store::Assign(document, device_,
                          nlohmann::json(parts_.config.attributes).dump()));
  state.arm = assignment.arm;
  state.rollout_seq = document.seq;
  state.release = assignment.release;
  SOTTO_ASSIGN_OR_RETURN(const SignedTarget target,
                         TargetOf(assignment.release));
  SOTTO_RETURN_IF_ERROR(Install(target, assignment.release, &state));
  return state;
}

absl::StatusOr<Bytes> RolloutUpdater::FetchTarget(const std::string& name,
                                                  std::uint64_t max_bytes) {
  absl::StatusOr<SignedTarget> target = parts_.models.Find(name);
  if (absl::IsNotFound(target.status())) {
    // Published since the last refresh.
    SOTTO_RETURN_IF_ERROR(parts_.models.Refresh());
    target = parts_.models.Find(name);
  }
  if (!target.ok()) return target.status();
  return parts_.models.Fetch(*target, max_bytes);
}

absl::StatusOr<model_store::OpenedPayload> RolloutUpdater::FetchCheckpoint(
    ByteView digest, std::uint64_t size_bytes) {
  const std::string name = HexEncode(digest);
  if (size_bytes > parts_.config.policy.max_model_bytes) {
    return absl::PermissionDeniedError(absl::StrFormat(
        "checkpoint %s has %d bytes, this device's policy allows %d", name,
        size_bytes, parts_.config.policy.max_model_bytes));
  }
  SOTTO_ASSIGN_OR_RETURN(
      const Bytes container,
      parts_.source.GetAll("/blobs/" + name.substr(0, 2) + "/" + name,
                           size_bytes));
  return parts_.opener.Open(container, digest, "checkpoint " + name);
}

}  // namespace

std::string RolloutTargetName(const ClientConfig& config) {
  return "rollout/" + config.app + ".fb";
}

std::unique_ptr<Updater> MakeUpdater(const Updater::Parts& parts) {
  return std::make_unique<RolloutUpdater>(parts);
}

}  // namespace sotto::client
