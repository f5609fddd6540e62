// keygen, register, embed, package.

#include <cstdio>
#include <memory>
#include <utility>

#include "base/clock.h"
#include "base/file.h"
#include "base/status.h"
#include "crypto/rng.h"
#include "runtime/loader/model_file.h"
#include "tools/passphrase.h"
#include "tools/watermark/command.h"
#include "watermark/embed/owner_mark.h"
#include "watermark/evidence/key_file.h"
#include "watermark/evidence/local_registry.h"
#include "watermark/fingerprint/packager.h"

namespace sotto::tools {
namespace {

using watermark::OwnerKey;
using watermark::Registration;

absl::StatusOr<ExitCode> Keygen(const std::string& out, bool no_passphrase) {
  const OwnerKey key = OwnerKey::Generate(crypto::SystemRng());
  Bytes file;
  if (no_passphrase) {
    file = watermark::SerializeOwnerKey(key);
  } else {
    SOTTO_ASSIGN_OR_RETURN(const crypto::SecretBytes passphrase,
                           ChoosePassphrase("passphrase of the new key"));
    SOTTO_ASSIGN_OR_RETURN(file,
                           watermark::SealOwnerKey(key, passphrase.Reveal(), {},
                                                   crypto::SystemRng()));
  }
  SOTTO_RETURN_IF_ERROR(watermark::WriteOwnerKeyFile(out, std::move(file)));
  std::printf("key      %s (mode 0600)\nowner    %s\n", out.c_str(),
              HexEncode(key.public_key()).c_str());
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> Register(const std::string& model_path,
                                  const std::string& key_path,
                                  const std::string& registry) {
  SOTTO_ASSIGN_OR_RETURN(const ModelInput input, ReadModel(model_path));
  SOTTO_ASSIGN_OR_RETURN(const OwnerKey key, ReadKey(key_path));
  SOTTO_ASSIGN_OR_RETURN(
      const watermark::RegisterOutcome outcome,
      watermark::RegisterModel(registry, key, input.model, crypto::SystemRng(),
                               SystemClock()));
  const Registration& registration = outcome.registration;
  std::printf(
      "%s %d in %s\ncommitted  %s\nnonce      %s, drawn after the commitment\n"
      "log head   %s (keep it elsewhere: it shows a log cut short)\n",
      outcome.existed ? "already registered as" : "registered as",
      static_cast<int>(registration.number), registry.c_str(),
      TimeText(registration.time_ms).c_str(),
      HexEncode(*registration.nonce).c_str(), HexEncode(outcome.head).c_str());
  return ExitCode::kOk;
}

// The registration of this very model, or else the newest of the key for the
// architecture: a model trained on since then is marked again under it.
absl::StatusOr<Registration> Choose(const watermark::Registry& registry,
                                    const OwnerKey& key,
                                    const runtime::Model& model) {
  const auto digest = watermark::ModelDigest(model);
  const auto architecture = watermark::ArchitectureDigest(model);
  const Registration* found = nullptr;
  for (const Registration& candidate : registry.registrations()) {
    if (!candidate.OpensWith(key) || candidate.architecture != architecture ||
        !candidate.nonce.has_value()) {
      continue;
    }
    found = &candidate;
    if (candidate.model == digest) break;
  }
  if (found == nullptr) {
    return absl::NotFoundError(
        "the registry has no registration of this key for a model of this "
        "architecture: run `register` first");
  }
  return *found;
}

struct EmbedArguments {
  std::string model, key, registry, out;
  double strength = 0;
};

absl::StatusOr<ExitCode> Embed(const EmbedArguments& arguments) {
  SOTTO_ASSIGN_OR_RETURN(const ModelInput input, ReadModel(arguments.model));
  SOTTO_ASSIGN_OR_RETURN(const OwnerKey key, ReadKey(arguments.key));
  SOTTO_ASSIGN_OR_RETURN(const watermark::Registry registry,
                         watermark::ReadRegistryFile(arguments.registry));
  SOTTO_ASSIGN_OR_RETURN(const Registration registration,
                         Choose(registry, key, input.model));
  SOTTO_ASSIGN_OR_RETURN(
      const watermark::EmbedReport report,
      watermark::EmbedOwnerMark(input.bytes, key, *registration.nonce,
                                arguments.strength));
  SOTTO_ASSIGN_OR_RETURN(const runtime::Model marked,
                         runtime::ParseModel(report.file));
  SOTTO_RETURN_IF_ERROR(WriteFileAtomically(arguments.out, report.file));
  SOTTO_RETURN_IF_ERROR(
      watermark::AttestModel(arguments.registry, key, registration.number,
                             watermark::ModelDigest(marked), SystemClock()));
  std::printf(
      "marked %s under registration %d: %d weights, strength %.3f (was %.3f) "
      "of a layer's deviation\n",
      arguments.out.c_str(), static_cast<int>(registration.number),
      static_cast<int>(report.weights), report.strength, report.before);
  return ExitCode::kOk;
}

struct PackageArguments {
  std::string model, key, release, recipient, out;
};

absl::StatusOr<ExitCode> Package(const PackageArguments& arguments) {
  SOTTO_ASSIGN_OR_RETURN(const Bytes master, ReadFile(arguments.model));
  SOTTO_ASSIGN_OR_RETURN(const OwnerKey key, ReadKey(arguments.key));
  SOTTO_ASSIGN_OR_RETURN(const Bytes copy,
                         watermark::PackageFor(master, key, arguments.release,
                                               arguments.recipient));
  SOTTO_RETURN_IF_ERROR(WriteFileAtomically(arguments.out, copy));
  std::printf("wrote %s, the copy of '%s' of release '%s'\n",
              arguments.out.c_str(), arguments.recipient.c_str(),
              arguments.release.c_str());
  return ExitCode::kOk;
}

void AddPackage(CLI::App& app) {
  auto arguments = std::make_shared<PackageArguments>();
  CLI::App* package = app.add_subcommand(
      "package",
      "Make one recipient's fingerprinted copy of a release; for devices "
      "`sotto store publish --fingerprint-key` makes and seals them");
  package->add_option("--model", arguments->model, "The release, marked")
      ->required();
  package->add_option("--key", arguments->key, "The owner's key file")
      ->required();
  package
      ->add_option("--release", arguments->release,
                   "Label of the release; `trace` needs it again")
      ->required();
  package
      ->add_option("--recipient", arguments->recipient,
                   "What `trace` will name")
      ->required();
  package->add_option("--out", arguments->out, "Where the copy goes")
      ->required();
  SetAction(*package, [=] { return Package(*arguments); });
}

}  // namespace

void AddKeyCommands(CLI::App& app) {
  auto keygen_out = std::make_shared<std::string>();
  auto no_passphrase = std::make_shared<bool>(false);
  CLI::App* keygen = app.add_subcommand(
      "keygen", "Make the owner's secret key (never overwrites a file)");
  keygen->add_option("--out", *keygen_out, "Key file to write, mode 0600")
      ->required();
  keygen->add_flag("--no-passphrase", *no_passphrase,
                   "Store the key unencrypted");
  SetAction(*keygen, [=] { return Keygen(*keygen_out, *no_passphrase); });

  auto arguments = std::make_shared<EmbedArguments>();
  const auto add_common = [&arguments](CLI::App* command) {
    command->add_option("--model", arguments->model, "The .tflite file")
        ->required();
    command->add_option("--key", arguments->key, "The owner's key file")
        ->required();
    command
        ->add_option("--registry", arguments->registry,
                     "Registry file; its signing key lies in FILE.key")
        ->required();
  };
  CLI::App* reg = app.add_subcommand(
      "register",
      "Commit to the key and to the model as it is before the mark; keep that "
      "model, `verify` needs it");
  add_common(reg);
  SetAction(*reg, [=] {
    return Register(arguments->model, arguments->key, arguments->registry);
  });

  CLI::App* embed = app.add_subcommand(
      "embed",
      "Mark a registered model, or mark a model again that was trained on "
      "since; embedding twice changes nothing");
  add_common(embed);
  embed->add_option("--out", arguments->out, "Where the marked model goes")
      ->required();
  embed
      ->add_option("--strength", arguments->strength,
                   "Deviations of a layer, 0 to 1; default by model size")
      ->check(CLI::Range(0.0, 1.0));
  SetAction(*embed, [=] { return Embed(*arguments); });
  AddPackage(app);
}

}  // namespace sotto::tools
