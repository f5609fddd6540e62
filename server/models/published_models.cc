#include "server/models/published_models.h"

#include <utility>

#include "base/file.h"
#include "base/status.h"
#include "model_store/tuf/package_facts.h"

namespace sotto::server {
namespace {

constexpr char kWhat[] = "models repository";

}  // namespace

PublishedModels::PublishedModels(const std::string& model_store,
                                 std::string trusted, Clock& clock)
    : folder_(model_store + "/models"),
      trusted_(std::move(trusted)),
      clock_(clock),
      fetcher_(folder_) {}

absl::Status PublishedModels::Reload() {
  const auto stamp = ReadFile(folder_ + "/metadata/timestamp.json", 1 << 20);
  if (!stamp.ok()) return Annotate(stamp.status(), kWhat);
  if (updater_.has_value() && *stamp == loaded_timestamp_) {
    return absl::OkStatus();
  }
  const auto load = [&]() -> absl::Status {
    SOTTO_ASSIGN_OR_RETURN(
        const Bytes root, ReadFile(folder_ + "/metadata/1.root.json", 1 << 20));
    SOTTO_ASSIGN_OR_RETURN(
        model_store::Updater updater,
        model_store::Updater::Open(trusted_, root, fetcher_, clock_));
    SOTTO_RETURN_IF_ERROR(updater.Refresh());
    SOTTO_ASSIGN_OR_RETURN(const auto targets, updater.ListTargets(""));
    std::map<std::string, model_store::TufTarget> by_name;
    std::map<Bytes, PublishedContainer> by_digest;
    for (const model_store::TufTarget& target : targets) {
      by_name[target.name] = target;
      SOTTO_ASSIGN_OR_RETURN(const model_store::PackageFacts facts,
                             model_store::ParsePackageFacts(target));
      if (facts.release_counter == 0) continue;
      by_digest[Bytes(facts.digest.begin(), facts.digest.end())] = {
          .target = target.name,
          .release_counter = facts.release_counter,
          .recipient = model_store::PackageRecipient(target.name)};
    }
    updater_.emplace(std::move(updater));
    targets_ = std::move(by_name);
    containers_ = std::move(by_digest);
    loaded_timestamp_ = *stamp;
    return absl::OkStatus();
  };
  return Annotate(load(), kWhat);
}

absl::Status PublishedModels::EnsureLoaded() {
  return updater_.has_value() ? absl::OkStatus() : Reload();
}

absl::StatusOr<Bytes> PublishedModels::ReadTarget(const std::string& name) {
  // Plans and policies may be replaced under their names.
  SOTTO_RETURN_IF_ERROR(Reload());
  const auto found = targets_.find(name);
  if (found == targets_.end()) {
    return absl::NotFoundError(absl::StrFormat(
        "the models repository has no target '%s'; publish it with `sotto "
        "store`",
        name));
  }
  return updater_->FetchTarget(found->second);
}

absl::StatusOr<bool> PublishedModels::HasRelease(const std::string& model,
                                                 std::uint64_t release) {
  const std::string stem = absl::StrFormat("%s/%d", model, release);
  SOTTO_RETURN_IF_ERROR(Reload());
  if (targets_.contains(stem + ".mseal")) return true;
  const auto package = targets_.lower_bound(stem + "/");
  return package != targets_.end() &&
         package->first.compare(0, stem.size() + 1, stem + "/") == 0;
}

absl::StatusOr<PublishedContainer> PublishedModels::FindContainer(
    ByteView digest) {
  SOTTO_RETURN_IF_ERROR(EnsureLoaded());
  const Bytes key(digest.begin(), digest.end());
  auto found = containers_.find(key);
  if (found == containers_.end()) {
    SOTTO_RETURN_IF_ERROR(Reload());
    found = containers_.find(key);
  }
  if (found == containers_.end()) {
    return absl::NotFoundError(absl::StrFormat(
        "container %s is not published here", HexEncode(digest)));
  }
  return found->second;
}

}  // namespace sotto::server
