#include "client/update/tuf_repository.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/file.h"
#include "base/status.h"
#include "model_store/tuf/package_facts.h"
#include "model_store/tuf/updater.h"

namespace sotto::client {
namespace {

constexpr std::uint64_t kMaxRootBytes = 512 * 1024;

class SourceFetcher final : public model_store::Fetcher {
 public:
  SourceFetcher(BlobSource& source, std::string path)
      : source_(source), path_(std::move(path)) {}
  absl::StatusOr<Bytes> Fetch(const std::string& path,
                              std::uint64_t max_bytes) override {
    return source_.GetAll(path_ + "/" + path, max_bytes);
  }

 private:
  BlobSource& source_;
  const std::string path_;
};

class TufRepository final : public SignedRepository {
 public:
  explicit TufRepository(const TufRepositoryParts& parts)
      : path_(parts.path), fetcher_(parts.source, parts.path) {}

  absl::Status Open(const TufRepositoryParts& parts) {
    const auto root = ReadFile(parts.root_file, kMaxRootBytes);
    if (!root.ok()) return Annotate(root.status(), "root metadata");
    auto updater =
        model_store::Updater::Open(parts.folder, *root, fetcher_, parts.clock);
    if (!updater.ok()) {
      return Annotate(updater.status(),
                      "root metadata '" + parts.root_file + "'");
    }
    updater_.emplace(*std::move(updater));
    return absl::OkStatus();
  }

  absl::Status Refresh() override { return updater_->Refresh(); }

  absl::StatusOr<SignedTarget> Find(const std::string& name) override {
    SOTTO_ASSIGN_OR_RETURN(const model_store::TufTarget target,
                           updater_->FindTarget(name));
    SOTTO_ASSIGN_OR_RETURN(model_store::PackageFacts facts,
                           model_store::ParsePackageFacts(target));
    return SignedTarget{
        .name = target.name,
        .path = path_ + "/" + model_store::Updater::TargetPath(target),
        .length_bytes = target.length,
        .sha256 = Bytes(facts.digest.begin(), facts.digest.end()),
        .release_counter = facts.release_counter,
        .leaves = std::move(facts.leaves)};
  }

  absl::StatusOr<Bytes> Fetch(const SignedTarget& target,
                              std::uint64_t max_bytes) override {
    if (target.length_bytes > max_bytes) {
      return absl::ResourceExhaustedError(
          absl::StrFormat("target '%s' has %d bytes, at most %d are taken",
                          target.name, target.length_bytes, max_bytes));
    }
    SOTTO_ASSIGN_OR_RETURN(const model_store::TufTarget found,
                           updater_->FindTarget(target.name));
    return updater_->FetchTarget(found);
  }

  std::uint64_t ReleaseFloor(const std::string& model) override {
    std::uint64_t floor = 0;
    const auto targets = updater_->ListTargets(model + "/");
    if (!targets.ok()) return 0;
    for (const model_store::TufTarget& target : *targets) {
      const auto facts = model_store::ParsePackageFacts(target);
      if (facts.ok()) floor = std::max(floor, facts->min_release_counter);
    }
    return floor;
  }

 private:
  const std::string path_;
  SourceFetcher fetcher_;
  std::optional<model_store::Updater> updater_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<SignedRepository>> OpenTufRepository(
    const TufRepositoryParts& parts) {
  auto repository = std::make_unique<TufRepository>(parts);
  SOTTO_RETURN_IF_ERROR(repository->Open(parts));
  return repository;
}

}  // namespace sotto::client
