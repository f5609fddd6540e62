// The parts of `sotto privacy`.

#ifndef SOTTO_TOOLS_SOTTO_PRIVACY_COMMANDS_H_
#define SOTTO_TOOLS_SOTTO_PRIVACY_COMMANDS_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "privacy/accounting/mechanism.h"

namespace sotto::tools {

// Every flag of every mechanism; each command adds those that it takes.
struct PrivacyFlags {
  std::string adjacency, accountant = "pld";
  double delta = 0, epsilon = 0, noise_multiplier = 1;
  std::int64_t rounds = 0, max_participations = 0, min_separation = 1;
  double population = 0, cohort = 0;
  std::int64_t bands = 0;
  double squared_column_norm = 0;
  double clip = 0, scale = 0;
  std::int64_t dimension = 0, contributors = 0;
  bool json = false;
};

// One mechanism as a subcommand of `account` and of `calibrate`.
struct PrivacyMechanism {
  const char* name;
  const char* help;
  const char* example;  // its own flags, without noise and target
  const char* claim;    // what the guarantee rests on, for the report
  void (*add_options)(CLI::App& command, PrivacyFlags& flags);
  // INVALID_ARGUMENT: flags that contradict each other.
  absl::StatusOr<privacy::Mechanism> (*describe)(const PrivacyFlags& flags);
};

std::span<const PrivacyMechanism> PrivacyMechanisms();

}  // namespace sotto::tools

#endif  // SOTTO_TOOLS_SOTTO_PRIVACY_COMMANDS_H_
