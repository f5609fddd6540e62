// sotto store publish: a model becomes a release, sealed once for everybody or
// once for each device, and signed.
//
// Order: containers and escrowed keys, then metadata, the timestamp last. A
// publish that is killed leaves the release unpublished and the old metadata
// valid; run it again.

#include <unistd.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "base/clock.h"
#include "base/file.h"
#include "base/status.h"
#include "model_store/container/container.h"
#include "model_store/container/grant.h"
#include "model_store/tuf/package_facts.h"
#include "model_store/tuf/repository.h"
#include "runtime/loader/model_file.h"
#include "tools/sotto/command.h"
#include "tools/sotto/store_commands.h"
#include "tools/sotto/store_keys.h"
#include "tools/sotto/store_packages.h"

namespace sotto::tools {
namespace {

using nlohmann::json;

struct PublishFlags {
  StoreOptions common;
  std::string name, model, fingerprint_key, recipients;
  std::uint64_t release = 0, version = 0, min_release = 0;
  bool skip_published = false;
};

std::string TargetName(const PublishFlags& flags, const std::string& device) {
  const std::string common = flags.name + "/" + std::to_string(flags.release);
  return common + (device.empty() ? "" : "/" + device) + ".mseal";
}

// On a terminal only, so that logs and pipes stay clean.
class Progress {
 public:
  explicit Progress(std::size_t total)
      : total_(total), shown_(total > 1 && ::isatty(STDERR_FILENO) == 1) {}
  void Done() {
    ++done_;
    if (shown_) std::fprintf(stderr, "\rsealed %zu of %zu", done_, total_);
  }
  ~Progress() {
    if (shown_ && done_ > 0) std::fputc('\n', stderr);
  }

 private:
  const std::size_t total_;
  const bool shown_;
  std::size_t done_ = 0;
};

// Who still gets a package, given what the release has.
absl::StatusOr<std::vector<std::string>> Remaining(
    const PublishFlags& flags, const std::vector<std::string>& recipients,
    const std::vector<model_store::TufTarget>& published) {
  std::set<std::string> names;
  for (const auto& target : published) names.insert(target.name);
  std::vector<std::string> remaining;
  for (const std::string& recipient : recipients) {
    const std::string name = TargetName(flags, recipient);
    if (!names.contains(name)) {
      remaining.push_back(recipient);
    } else if (!flags.skip_published) {
      return absl::AlreadyExistsError(absl::StrFormat(
          "target '%s' is published; a release never changes: raise "
          "--release, or give --skip-published to add the other recipients",
          name));
    }
  }
  return remaining;
}

absl::StatusOr<json> SealOne(const PublishFlags& flags, ByteView plaintext,
                             const std::string& recipient,
                             const crypto::X25519PublicKey& broker,
                             const std::string& role,
                             model_store::Repository& repository) {
  crypto::Rng& rng = crypto::SystemRng();
  const auto file_key = model_store::NewFileKey(rng);
  Bytes container =
      model_store::SealContainer(plaintext,
                                 {.alias = flags.name,
                                  .kind = model_store::ContainerKind::kFull,
                                  .created_ms = SystemClock().NowMillis()},
                                 file_key, rng);
  const auto digest = model_store::ContainerDigest(container);
  SOTTO_ASSIGN_OR_RETURN(
      const Bytes escrow,
      model_store::MakeEscrow(digest, file_key, broker, rng));
  SOTTO_RETURN_IF_ERROR(WriteFileAtomically(
      flags.common.store + "/escrow/" + HexEncode(digest) + ".key", escrow,
      FileMode::kPrivate));
  model_store::NewTarget target;
  target.name = TargetName(flags, recipient);
  target.custom_json = model_store::PackageFactsJson(
      container, flags.release, flags.version, flags.min_release);
  target.bytes = std::move(container);
  const json report = {{"recipient", recipient},
                       {"sha256", HexEncode(digest)},
                       {"target", target.name},
                       {"bytes", target.bytes.size()}};
  SOTTO_RETURN_IF_ERROR(repository.Stage(role, target));
  return report;
}

absl::Status Publish(const PublishFlags& flags) {
  SOTTO_ASSIGN_OR_RETURN(const StoreKeys keys,
                         StoreKeys::Read(flags.common.keys));
  SOTTO_ASSIGN_OR_RETURN(const std::string role, keys.RoleOf(flags.name));
  SOTTO_ASSIGN_OR_RETURN(Bytes master, ReadFile(flags.model));
  const auto parsed = runtime::ParseModel(master);
  if (!parsed.ok()) return Annotate(parsed.status(), flags.model);
  if (!flags.fingerprint_key.empty() && flags.recipients.empty()) {
    return absl::InvalidArgumentError(
        "--fingerprint-key marks one copy for each device: give --recipients "
        "too");
  }
  SOTTO_ASSIGN_OR_RETURN(
      const std::vector<std::string> recipients,
      ReadRecipients(flags.recipients, keys.issuer(), SystemClock().Now()));
  SOTTO_ASSIGN_OR_RETURN(
      model_store::Repository repository,
      model_store::Repository::Open(flags.common.store + "/models",
                                    keys.ModelsRoles(), SystemClock()));
  SOTTO_ASSIGN_OR_RETURN(const auto published, repository.Targets(role));
  SOTTO_ASSIGN_OR_RETURN(const std::vector<std::string> remaining,
                         Remaining(flags, recipients, published));
  SOTTO_ASSIGN_OR_RETURN(
      const Packager packager,
      Packager::Create(std::move(master), flags.fingerprint_key,
                       flags.release));
  SOTTO_RETURN_IF_ERROR(MakeFolder(flags.common.store + "/escrow"));

  json containers = json::array();
  std::uint64_t total_bytes = 0;
  {
    Progress progress(remaining.size());
    for (const std::string& recipient : remaining) {
      SOTTO_ASSIGN_OR_RETURN(const Bytes copy, packager.CopyFor(recipient));
      SOTTO_ASSIGN_OR_RETURN(
          json report,
          SealOne(flags, copy, recipient, keys.broker(), role, repository));
      total_bytes += report["bytes"].get<std::uint64_t>();
      containers.push_back(std::move(report));
      progress.Done();
    }
  }
  if (!remaining.empty()) SOTTO_RETURN_IF_ERROR(repository.Publish(role));
  if (flags.common.json) {
    std::printf("%s\n", json{{"containers", containers}}.dump().c_str());
  } else {
    std::printf("release %llu of %s: %zu packages, %llu bytes, signed\n",
                static_cast<unsigned long long>(flags.release),
                flags.name.c_str(), remaining.size(),
                static_cast<unsigned long long>(total_bytes));
  }
  return absl::OkStatus();
}

}  // namespace

void AddStorePublish(CLI::App& store) {
  auto flags = std::make_shared<PublishFlags>();
  CLI::App& command =
      *store.add_subcommand("publish", "seal and sign a release of a model");
  AddStoreOptions(command, flags->common, true);
  command.add_option("--name", flags->name, "FAMILY/NAME such as digits/cnn")
      ->required();
  command
      .add_option("--release", flags->release,
                  "release counter: higher is newer, for ever")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 53))
      ->required();
  command.add_option("--version", flags->version, "of the model, for people")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 53))
      ->required();
  command.add_option("--model", flags->model, "the .tflite file")->required();
  command.add_option("--recipients", flags->recipients,
                     "device certificates, a file or a folder: one package "
                     "each instead of one for all");
  command.add_option("--fingerprint-key", flags->fingerprint_key,
                     "a key of `sotto-watermark keygen`: marks each "
                     "recipient's copy, so that `sotto-watermark trace` can "
                     "tell whose copy leaked");
  command
      .add_option("--min-release", flags->min_release,
                  "withdraw every older release")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 53));
  command.add_flag("--skip-published", flags->skip_published,
                   "leave out recipients that have this release");
  SetAction(command, [flags] { return Publish(*flags); });
}

}  // namespace sotto::tools
