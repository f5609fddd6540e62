// What the subcommands of `sotto-watermark` share: actions that end in an exit
// code, and the meaning of those codes.

#ifndef SOTTO_TOOLS_WATERMARK_COMMAND_H_
#define SOTTO_TOOLS_WATERMARK_COMMAND_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "runtime/loader/model.h"
#include "watermark/evidence/owner_key.h"

namespace sotto::tools {

enum class ExitCode : int {
  kOk = 0,        // done; the mark is there; somebody is named
  kNotShown = 1,  // judged, and the evidence is not there
  kCannot = 2,    // wrong command line, unusable input, or a failure
};

// Runs `action` when the command line names `command`. An error is printed to
// the standard error and is kCannot: a run that could not judge never looks
// like one that judged.
void SetAction(CLI::App& command,
               std::function<absl::StatusOr<ExitCode>()> action);
// What the action ended in.
ExitCode Outcome();

// A model file with what is said about it in reports.
struct ModelInput {
  std::string path;
  Bytes bytes;
  std::string sha256;  // of the file, hex
  runtime::Model model;
};
// Errors of ReadFile and ParseModel; every message starts with the path.
absl::StatusOr<ModelInput> ReadModel(const std::string& path);

// ReadOwnerKeyFile; asks for the passphrase where the file has one.
absl::StatusOr<watermark::OwnerKey> ReadKey(const std::string& path);

// UTC, to the second.
std::string TimeText(std::int64_t time_ms);

void AddKeyCommands(CLI::App& app);     // keygen, register, embed, package
void AddDetectCommands(CLI::App& app);  // verify, trace
void AddAttackCommands(CLI::App& app);

}  // namespace sotto::tools

#endif  // SOTTO_TOOLS_WATERMARK_COMMAND_H_
