#include "model_store/tuf/updater.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/file.h"
#include "base/status.h"
#include "crypto/sha2.h"

namespace sotto::model_store {
namespace {

constexpr std::uint64_t kMaxRoot = 512 * 1024;
constexpr std::uint64_t kMaxTimestamp = 16 * 1024;
constexpr std::uint64_t kMaxSnapshot = 2 * 1024 * 1024;
constexpr std::uint64_t kMaxTargets = 16 * 1024 * 1024;
constexpr int kMaxRoots = 1024;
constexpr std::size_t kMaxRoles = 32;  // in the search for one target

absl::Status Refuse(const std::string& role, const std::string& what) {
  return absl::PermissionDeniedError("metadata: " + role + ": " + what);
}

absl::Status CheckFile(const std::string& role, const TufFileVersion& said,
                       ByteView bytes) {
  if ((said.length != 0 && bytes.size() != said.length) ||
      (!said.sha512.empty() &&
       HexEncode(crypto::Sha512(bytes)) != said.sha512)) {
    return Refuse(role, "its bytes are not those that were signed");
  }
  return absl::OkStatus();
}

bool Covers(const TufDelegation& delegation, const std::string& name) {
  return std::ranges::any_of(delegation.paths, [&](const std::string& path) {
    return MatchesPath(path, name);
  });
}

// Whether every delegation of a path through the roles covers `name`.
bool CoversAll(const std::vector<TufDelegation>& path,
               const std::string& name) {
  return std::ranges::all_of(path, [&](const TufDelegation& delegation) {
    return Covers(delegation, name);
  });
}

}  // namespace

absl::StatusOr<Bytes> FolderFetcher::Fetch(const std::string& path,
                                           std::uint64_t max_bytes) {
  return ReadFile(folder_ + "/" + path, max_bytes);
}

absl::Status Updater::Store(const std::string& role, ByteView bytes) {
  return WriteFileAtomically(folder_ + "/" + EncodeRoleName(role) + ".json",
                             bytes);
}

std::optional<Bytes> Updater::Stored(const std::string& role) const {
  auto bytes = ReadFile(folder_ + "/" + EncodeRoleName(role) + ".json");
  if (!bytes.ok()) return std::nullopt;
  return *std::move(bytes);
}

absl::Status Updater::CheckExpiry(const std::string& role,
                                  std::int64_t expires_ms) const {
  if (now_ms_ < expires_ms) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrFormat("metadata: %s expired at %s; the publisher must sign a "
                      "new one (`sotto store refresh`)",
                      role, FormatTufTime(expires_ms)));
}

absl::StatusOr<Updater> Updater::Open(const std::string& folder,
                                      ByteView pinned_root, Fetcher& fetcher,
                                      Clock& clock) {
  SOTTO_RETURN_IF_ERROR(MakeFolder(folder));
  Updater made(folder, fetcher, clock);
  const auto load = [](ByteView bytes) -> absl::StatusOr<TufRoot> {
    SOTTO_ASSIGN_OR_RETURN(const TufEnvelope envelope, ParseEnvelope(bytes));
    SOTTO_ASSIGN_OR_RETURN(TufRoot root, ParseRoot(envelope));
    SOTTO_RETURN_IF_ERROR(
        VerifyRole("root", envelope, root.keys, root.roles["root"]));
    return root;
  };
  SOTTO_ASSIGN_OR_RETURN(made.root_, load(pinned_root));
  if (const auto stored = made.Stored("root"); stored.has_value()) {
    auto newer = load(*stored);
    if (newer.ok() && newer->version >= made.root_.version) {
      made.root_ = *std::move(newer);
      return made;
    }
  }
  SOTTO_RETURN_IF_ERROR(made.Store("root", pinned_root));
  return made;
}

absl::Status Updater::WalkRoots() {
  for (int i = 0; i < kMaxRoots; ++i) {
    const auto bytes = fetcher_->Fetch(
        absl::StrFormat("metadata/%d.root.json",
                        static_cast<std::int64_t>(root_.version + 1)),
        kMaxRoot);
    if (absl::IsNotFound(bytes.status())) break;
    SOTTO_RETURN_IF_ERROR(bytes.status());
    SOTTO_ASSIGN_OR_RETURN(const TufEnvelope envelope, ParseEnvelope(*bytes));
    SOTTO_ASSIGN_OR_RETURN(TufRoot next, ParseRoot(envelope));
    // Both the old and the new keys must have signed.
    SOTTO_RETURN_IF_ERROR(
        VerifyRole("root", envelope, root_.keys, root_.roles["root"]));
    SOTTO_RETURN_IF_ERROR(
        VerifyRole("root", envelope, next.keys, next.roles["root"]));
    if (next.version != root_.version + 1) {
      return Refuse("root", "its version does not follow");
    }
    // Keys that changed cannot vouch for the old files any more (fast-forward).
    for (const char* role : {"timestamp", "snapshot"}) {
      if (next.roles[role].key_ids != root_.roles[role].key_ids) {
        SOTTO_RETURN_IF_ERROR(RemoveFile(folder_ + "/timestamp.json"));
        SOTTO_RETURN_IF_ERROR(RemoveFile(folder_ + "/snapshot.json"));
      }
    }
    SOTTO_RETURN_IF_ERROR(Store("root", *bytes));
    root_ = std::move(next);
  }
  return CheckExpiry("root", root_.expires_ms);
}

absl::Status Updater::UpdateTimestamp() {
  std::optional<TufSnapshot> old;
  if (const auto stored = Stored("timestamp"); stored.has_value()) {
    const auto envelope = ParseEnvelope(*stored);
    if (envelope.ok() &&
        VerifyRole("timestamp", *envelope, root_.keys, root_.roles["timestamp"])
            .ok()) {
      auto parsed = ParseTimestamp(*envelope);
      if (parsed.ok()) old = *std::move(parsed);
    }
  }
  SOTTO_ASSIGN_OR_RETURN(
      const Bytes bytes,
      fetcher_->Fetch("metadata/timestamp.json", kMaxTimestamp));
  SOTTO_ASSIGN_OR_RETURN(const TufEnvelope envelope, ParseEnvelope(bytes));
  SOTTO_RETURN_IF_ERROR(
      VerifyRole("timestamp", envelope, root_.keys, root_.roles["timestamp"]));
  SOTTO_ASSIGN_OR_RETURN(timestamp_, ParseTimestamp(envelope));
  if (old.has_value()) {
    if (timestamp_.version < old->version) {
      return Refuse("timestamp", "an older version than before (rollback)");
    }
    if (timestamp_.version == old->version) {  // nothing new (section 5.4.3.1)
      timestamp_ = *std::move(old);
      return CheckExpiry("timestamp", timestamp_.expires_ms);
    }
    if (timestamp_.files["snapshot.json"].version <
        old->files["snapshot.json"].version) {
      return Refuse("timestamp", "it names an older snapshot (rollback)");
    }
  }
  SOTTO_RETURN_IF_ERROR(CheckExpiry("timestamp", timestamp_.expires_ms));
  return Store("timestamp", bytes);
}

absl::Status Updater::UpdateSnapshot() {
  const TufFileVersion& said = timestamp_.files["snapshot.json"];
  std::optional<TufSnapshot> old;
  std::optional<Bytes> stored = Stored("snapshot");
  if (stored.has_value()) {
    const auto envelope = ParseEnvelope(*stored);
    if (envelope.ok() &&
        VerifyRole("snapshot", *envelope, root_.keys, root_.roles["snapshot"])
            .ok()) {
      auto parsed = ParseSnapshot(*envelope);
      if (parsed.ok()) old = *std::move(parsed);
    }
  }
  if (old.has_value() && old->version == said.version &&
      CheckFile("snapshot", said, *stored).ok()) {
    snapshot_ = *old;  // nothing new: no request
    return CheckExpiry("snapshot", snapshot_.expires_ms);
  }
  SOTTO_ASSIGN_OR_RETURN(
      const Bytes bytes,
      fetcher_->Fetch(absl::StrFormat("metadata/%d.snapshot.json",
                                      static_cast<std::int64_t>(said.version)),
                      said.length != 0 ? said.length : kMaxSnapshot));
  SOTTO_RETURN_IF_ERROR(CheckFile("snapshot", said, bytes));
  SOTTO_ASSIGN_OR_RETURN(const TufEnvelope envelope, ParseEnvelope(bytes));
  SOTTO_RETURN_IF_ERROR(
      VerifyRole("snapshot", envelope, root_.keys, root_.roles["snapshot"]));
  SOTTO_ASSIGN_OR_RETURN(snapshot_, ParseSnapshot(envelope));
  if (snapshot_.version != said.version) {
    return Refuse("snapshot", "its version is not the one of timestamp");
  }
  if (old.has_value()) {
    for (const auto& [name, file] : old->files) {
      const auto now = snapshot_.files.find(name);
      if (now == snapshot_.files.end() || now->second.version < file.version) {
        return Refuse("snapshot", "it drops or rolls back " + name);
      }
    }
  }
  SOTTO_RETURN_IF_ERROR(CheckExpiry("snapshot", snapshot_.expires_ms));
  return Store("snapshot", bytes);
}

absl::StatusOr<TufTargets> Updater::LoadTargets(const std::string& role,
                                                const TufKeys& keys,
                                                const TufRole& delegated) {
  const auto said = snapshot_.files.find(role + ".json");
  if (said == snapshot_.files.end()) {
    return Refuse(role, "the snapshot does not name it");
  }
  std::optional<Bytes> bytes = Stored(role);
  const auto fits = [&](ByteView candidate) -> absl::StatusOr<TufTargets> {
    SOTTO_RETURN_IF_ERROR(CheckFile(role, said->second, candidate));
    SOTTO_ASSIGN_OR_RETURN(const TufEnvelope envelope,
                           ParseEnvelope(candidate));
    SOTTO_RETURN_IF_ERROR(VerifyRole(role, envelope, keys, delegated));
    SOTTO_ASSIGN_OR_RETURN(TufTargets targets, ParseTargets(envelope));
    if (targets.version != said->second.version) {
      return Refuse(role, "its version is not the one of snapshot");
    }
    return targets;
  };
  if (bytes.has_value()) {
    auto targets = fits(*bytes);
    if (targets.ok()) {
      SOTTO_RETURN_IF_ERROR(CheckExpiry(role, targets->expires_ms));
      return targets;
    }
  }
  SOTTO_ASSIGN_OR_RETURN(
      bytes,
      fetcher_->Fetch(
          absl::StrFormat("metadata/%d.%s.json",
                          static_cast<std::int64_t>(said->second.version),
                          EncodeRoleName(role)),
          said->second.length != 0 ? said->second.length : kMaxTargets));
  SOTTO_ASSIGN_OR_RETURN(TufTargets targets, fits(*bytes));
  SOTTO_RETURN_IF_ERROR(CheckExpiry(role, targets.expires_ms));
  SOTTO_RETURN_IF_ERROR(Store(role, *bytes));
  return targets;
}

absl::Status Updater::UpdateTargets() {
  SOTTO_ASSIGN_OR_RETURN(
      targets_, LoadTargets("targets", root_.keys, root_.roles["targets"]));
  return absl::OkStatus();
}

absl::Status Updater::Refresh() {
  refreshed_ = false;
  now_ms_ = clock_->NowMillis();
  SOTTO_RETURN_IF_ERROR(WalkRoots());
  SOTTO_RETURN_IF_ERROR(UpdateTimestamp());
  SOTTO_RETURN_IF_ERROR(UpdateSnapshot());
  SOTTO_RETURN_IF_ERROR(UpdateTargets());
  refreshed_ = true;
  return absl::OkStatus();
}

// A walk through the roles, in the order of section 5.6.7.
struct Updater::Search {
  std::string prefix;
  bool exact = false;                      // `prefix` is the whole name
  std::map<std::string, TufTarget> found;  // the first role that names it
  std::vector<TufDelegation> path;         // to the current role
  std::vector<std::vector<TufDelegation>> closed;  // ended by a terminating one
  std::set<std::pair<std::string, std::string>> visited;  // from role to role

  bool Open(const std::string& name) const {
    return std::ranges::none_of(
        closed, [&](const auto& ended) { return CoversAll(ended, name); });
  }
};

absl::Status Updater::Walk(const std::string& role_name, const TufTargets& role,
                           Search& search) {
  for (const auto& [name, target] : role.targets) {
    const bool wanted = search.exact ? name == search.prefix
                                     : name.rfind(search.prefix, 0) == 0;
    if (wanted && CoversAll(search.path, name) && search.Open(name)) {
      search.found.try_emplace(name, target);
    }
  }
  for (const TufDelegation& delegation : role.delegations) {
    if (search.exact) {
      if (!search.found.empty() || !search.Open(search.prefix) ||
          search.visited.size() >= kMaxRoles) {
        break;
      }
      if (!Covers(delegation, search.prefix)) continue;
    }
    if (search.path.size() >= kMaxRoles ||
        !search.visited.insert({role_name, delegation.name}).second) {
      continue;
    }
    // Verified against this delegator, whatever was verified before by name.
    SOTTO_ASSIGN_OR_RETURN(
        const TufTargets child,
        LoadTargets(delegation.name, role.delegated_keys, delegation.role));
    search.path.push_back(delegation);
    SOTTO_RETURN_IF_ERROR(Walk(delegation.name, child, search));
    if (delegation.terminating) search.closed.push_back(search.path);
    search.path.pop_back();
  }
  return absl::OkStatus();
}

absl::StatusOr<TufTarget> Updater::FindTarget(const std::string& name) {
  if (!refreshed_) {
    return absl::FailedPreconditionError("metadata: not refreshed");
  }
  Search search;
  search.prefix = name;
  search.exact = true;
  SOTTO_RETURN_IF_ERROR(Walk("targets", targets_, search));
  if (!search.found.empty()) return search.found.begin()->second;
  return absl::NotFoundError("target '" + name +
                             "' is named by no trusted role");
}

absl::StatusOr<std::vector<TufTarget>> Updater::ListTargets(
    const std::string& prefix) {
  if (!refreshed_) {
    return absl::FailedPreconditionError("metadata: not refreshed");
  }
  Search search;
  search.prefix = prefix;
  SOTTO_RETURN_IF_ERROR(Walk("targets", targets_, search));
  std::vector<TufTarget> out;
  for (auto& [name, target] : search.found) out.push_back(std::move(target));
  return out;
}

std::string Updater::TargetPath(const TufTarget& target) {
  const std::size_t slash = target.name.rfind('/');
  const std::size_t base = slash == std::string::npos ? 0 : slash + 1;
  return "targets/" + target.name.substr(0, base) + target.sha512 + "." +
         target.name.substr(base);
}

absl::StatusOr<Bytes> Updater::FetchTarget(const TufTarget& target) {
  SOTTO_ASSIGN_OR_RETURN(Bytes bytes,
                         fetcher_->Fetch(TargetPath(target), target.length));
  if (bytes.size() != target.length ||
      HexEncode(crypto::Sha512(bytes)) != target.sha512) {
    return absl::DataLossError("target '" + target.name +
                               "' does not match its signed length and hash");
  }
  return bytes;
}

}  // namespace sotto::model_store
