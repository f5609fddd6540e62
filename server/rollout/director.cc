#include "server/rollout/director.h"

#include "base/file.h"
#include "base/status.h"
#include "crypto/sha2.h"

namespace sotto::server {
namespace {

// As short as the models repository's: a stolen disk image ages quickly.
constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;

std::string TargetName(const std::string& app) {
  return "rollout/" + app + ".fb";
}

}  // namespace

Director::Director(const std::string& model_store,
                   const crypto::SigningKey& key, PublishedModels& models,
                   Clock& clock)
    : model_store_(model_store), key_(key), models_(models), clock_(clock) {}

absl::Status Director::Start() {
  // Two signers would publish different metadata under one version.
  absl::StatusOr<FileLock> lock =
      FileLock::Acquire(model_store_ + "/director.lock");
  if (!lock.ok()) return Annotate(lock.status(), "key 'model_store'");
  lock_.emplace(*std::move(lock));
  const std::string folder = model_store_ + "/director";
  const std::string root = folder + "/metadata/1.root.json";
  if (!FileExists(root)) {
    const auto signed_root =
        ReadFile(model_store_ + "/director-root/1.root.json", 1 << 20);
    if (!signed_root.ok()) {
      return Annotate(signed_root.status(),
                      "director repository (see `sotto store init`)");
    }
    SOTTO_RETURN_IF_ERROR(MakeFolder(folder + "/metadata"));
    SOTTO_RETURN_IF_ERROR(WriteFileAtomically(root, *signed_root));
  }
  const model_store::SigningRole online = {
      .keys = {&key_}, .threshold = 1, .lifetime_ms = kDayMs};
  absl::StatusOr<model_store::Repository> repository =
      model_store::Repository::Open(folder,
                                    {.root = {},
                                     .targets = online,
                                     .snapshot = online,
                                     .timestamp = online,
                                     .delegated = {}},
                                    clock_);
  if (!repository.ok()) {
    return Annotate(repository.status(), "director repository");
  }
  repository_.emplace(*std::move(repository));
  signed_at_ms_ = clock_.NowMillis();
  return Annotate(repository_->Refresh(), "director repository");
}

absl::Status Director::Tick() {
  if (clock_.NowMillis() - signed_at_ms_ < kDayMs / 2) return absl::OkStatus();
  SOTTO_RETURN_IF_ERROR(
      Annotate(repository_->Refresh(), "director repository"));
  signed_at_ms_ = clock_.NowMillis();
  return absl::OkStatus();
}

absl::Status Director::PublishRules(const std::string& app, ByteView document) {
  const std::string name = TargetName(app);
  SOTTO_ASSIGN_OR_RETURN(const auto targets, repository_->Targets("targets"));
  const std::string digest = HexEncode(crypto::Sha512(document));
  for (const model_store::TufTarget& target : targets) {
    if (target.name == name && target.sha512 == digest) return absl::OkStatus();
  }
  return Annotate(
      repository_->AddTargets(
          "targets", {{.name = name,
                       .bytes = Bytes(document.begin(), document.end()),
                       .custom_json = {}}}),
      "director repository");
}

}  // namespace sotto::server
