// verify, trace.

#include <cstdio>
#include <memory>

#include "base/file.h"
#include "base/status.h"
#include "crypto/sign.h"
#include "tools/watermark/command.h"
#include "tools/watermark/reports.h"
#include "watermark/detect/verifier.h"
#include "watermark/evidence/local_registry.h"
#include "watermark/fingerprint/recipients.h"
#include "watermark/fingerprint/tracer.h"

namespace sotto::tools {
namespace {

struct DetectArguments {
  std::string model, key, registry, registry_key, reference, master;
  std::string release, recipients, html;
  bool json = false;
};

// Paths and names may hold bytes that are no UTF-8.
void Print(const nlohmann::ordered_json& json) {
  std::puts(json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace)
                .c_str());
}

absl::StatusOr<watermark::Registry> ReadRegistry(
    const DetectArguments& arguments) {
  SOTTO_ASSIGN_OR_RETURN(watermark::Registry registry,
                         watermark::ReadRegistryFile(arguments.registry));
  if (arguments.registry_key.empty()) return registry;
  SOTTO_ASSIGN_OR_RETURN(
      const crypto::PublicKey expected,
      crypto::ParsePublicKeyHex(arguments.registry_key, "--registry-key"));
  if (registry.key() != expected) {
    return absl::PermissionDeniedError(
        absl::StrFormat("'%s' is signed by %s, not by --registry-key",
                        arguments.registry, HexEncode(registry.key())));
  }
  return registry;
}

absl::StatusOr<ExitCode> Verify(const DetectArguments& arguments) {
  SOTTO_ASSIGN_OR_RETURN(const watermark::OwnerKey key, ReadKey(arguments.key));
  SOTTO_ASSIGN_OR_RETURN(const watermark::Registry registry,
                         ReadRegistry(arguments));
  SOTTO_ASSIGN_OR_RETURN(const ModelInput reference,
                         ReadModel(arguments.reference));
  SOTTO_ASSIGN_OR_RETURN(const ModelInput suspect, ReadModel(arguments.model));
  SOTTO_ASSIGN_OR_RETURN(const watermark::OwnershipResult result,
                         watermark::VerifyOwnership(
                             reference.model, suspect.model, key, registry));
  const VerifyReport report = {suspect, reference, registry, result};
  if (!arguments.html.empty()) {
    SOTTO_RETURN_IF_ERROR(
        WriteFileAtomically(arguments.html, VerifyHtml(report)));
  }
  if (arguments.json) {
    Print(VerifyJson(report));
  } else {
    std::fputs(VerifyText(report).c_str(), stdout);
  }
  return result.owned ? ExitCode::kOk : ExitCode::kNotShown;
}

absl::StatusOr<ExitCode> TraceCopy(const DetectArguments& arguments) {
  SOTTO_ASSIGN_OR_RETURN(const watermark::OwnerKey key, ReadKey(arguments.key));
  SOTTO_ASSIGN_OR_RETURN(const watermark::Registry registry,
                         ReadRegistry(arguments));
  // A wrong key would name nobody; say that it is wrong instead.
  bool known = false;
  for (const auto& registration : registry.registrations()) {
    known |= registration.OpensWith(key);
  }
  if (!known) {
    return absl::NotFoundError(
        absl::StrFormat("'%s' has no registration of the key '%s'",
                        arguments.registry, arguments.key));
  }
  SOTTO_ASSIGN_OR_RETURN(const ModelInput master, ReadModel(arguments.master));
  SOTTO_ASSIGN_OR_RETURN(const ModelInput suspect, ReadModel(arguments.model));
  watermark::TraceParams params;
  params.release = arguments.release;
  SOTTO_ASSIGN_OR_RETURN(params.recipients,
                         watermark::ReadRecipients(arguments.recipients));
  SOTTO_ASSIGN_OR_RETURN(
      const watermark::TraceResult result,
      watermark::Trace(master.model, suspect.model, key, params));
  if (arguments.json) {
    Print(TraceJson(suspect, result));
  } else {
    std::fputs(TraceText(result).c_str(), stdout);
  }
  return result.accused.empty() ? ExitCode::kNotShown : ExitCode::kOk;
}

// With --json even a run that cannot judge prints one object.
void SetDetectAction(
    CLI::App& command, const std::shared_ptr<DetectArguments>& arguments,
    absl::StatusOr<ExitCode> (*action)(const DetectArguments&)) {
  SetAction(command, [arguments, action] {
    absl::StatusOr<ExitCode> code = action(*arguments);
    if (!code.ok() && arguments->json) Print(CannotTellJson(code.status()));
    return code;
  });
}

}  // namespace

void AddDetectCommands(CLI::App& app) {
  auto arguments = std::make_shared<DetectArguments>();
  const auto add_common = [&arguments](CLI::App* command) {
    command->add_option("--model", arguments->model, "The suspect .tflite")
        ->required();
    command->add_option("--key", arguments->key, "The owner's key file")
        ->required();
    command->add_option("--registry", arguments->registry, "Registry file")
        ->required();
    command->add_option(
        "--registry-key", arguments->registry_key,
        "Public key that must have signed the registry, 64 hex digits");
    command->add_flag("--json", arguments->json, "One JSON object");
  };
  CLI::App* verify = app.add_subcommand(
      "verify", "Does a suspect carry the owner's mark? OWNED or NOT SHOWN");
  add_common(verify);
  verify
      ->add_option("--reference", arguments->reference,
                   "The model that was registered, before its mark")
      ->required();
  verify->add_option("--html", arguments->html, "Write a report page here");
  SetDetectAction(*verify, arguments, Verify);

  CLI::App* trace = app.add_subcommand(
      "trace", "Whose copy is a suspect? TRACED or NOT TRACED");
  add_common(trace);
  trace
      ->add_option(
          "--master", arguments->master,
          "The release before it was fingerprinted, with the owner's mark: "
          "the --model of `sotto store publish` or `package`")
      ->required();
  trace
      ->add_option(
          "--release", arguments->release,
          "Label of the release: of `sotto store publish` its number, of "
          "`package` what was given there")
      ->required();
  trace
      ->add_option("--recipients", arguments->recipients,
                   "Folder of device certificates, or a text file with one "
                   "recipient a line")
      ->required();
  SetDetectAction(*trace, arguments, TraceCopy);
}

}  // namespace sotto::tools
