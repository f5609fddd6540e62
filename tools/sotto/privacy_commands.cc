// sotto privacy account | calibrate: what a described mechanism guarantees, and
// the noise that a guarantee needs.

#include "tools/sotto/privacy_commands.h"

#include <cmath>
#include <cstdio>
#include <memory>
#include <string>
#include <variant>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "privacy/accounting/calibration.h"
#include "tools/sotto/command.h"

namespace sotto::tools {
namespace {

using privacy::Adjacency;
using privacy::Guarantee;
using privacy::Mechanism;

constexpr const char* kAddOrRemove = "add-or-remove";
constexpr const char* kReplace = "replace";

// Six digits, never below the number: a rounded epsilon would claim too much.
std::string RoundedUp(double value) {
  if (!(value > 0)) return "0";
  const double unit = std::pow(10, std::floor(std::log10(value)) - 5);
  return absl::StrFormat("%.6g", std::ceil(value / unit - 1e-9) * unit);
}

double Multiplier(const Mechanism& mechanism) {
  const auto* run = std::get_if<privacy::DistributedReleases>(&mechanism);
  return run == nullptr ? NoiseOf(mechanism)
                        : NoiseOf(mechanism) / run->noise.clip;
}

nlohmann::json Describe(const Mechanism& mechanism) {
  nlohmann::json json;
  if (const auto* run = std::get_if<privacy::GaussianReleases>(&mechanism)) {
    json["releases_of_one_user"] = run->releases;
  } else if (const auto* steps =
                 std::get_if<privacy::SampledSteps>(&mechanism)) {
    json["sampling_probability"] = steps->sampling_probability;
    json["steps"] = steps->steps;
  } else if (const auto* noise =
                 std::get_if<privacy::DistributedReleases>(&mechanism)) {
    json["releases_of_one_user"] = noise->releases;
    json["padded_dimension"] = noise->noise.dimension;
    json["central_std"] = noise->noise.central_std;
    json["std_per_contributor"] =
        noise->noise.central_std /
        std::sqrt(static_cast<double>(noise->noise.contributors));
  }
  return json;
}

void Print(const PrivacyMechanism& kind, const PrivacyFlags& flags,
           const Mechanism& mechanism, const Guarantee& guarantee) {
  nlohmann::json details = Describe(mechanism);
  if (guarantee.squared_sensitivity.has_value()) {
    details["squared_sensitivity"] = *guarantee.squared_sensitivity;
  }
  if (guarantee.rho.has_value()) details["rho"] = *guarantee.rho;
  if (guarantee.order.has_value()) details["renyi_order"] = *guarantee.order;
  if (flags.json) {
    details["mechanism"] = kind.name;
    details["adjacency"] = flags.adjacency;
    details["epsilon"] = guarantee.epsilon;
    details["delta"] = guarantee.delta;
    details["accountant"] = guarantee.accountant;
    details["noise_multiplier"] = Multiplier(mechanism);
    std::printf("%s\n", details.dump().c_str());
    return;
  }
  std::printf("epsilon %s at delta %g (%s)\n",
              RoundedUp(guarantee.epsilon).c_str(), guarantee.delta,
              flags.adjacency.c_str());
  std::printf("  %-22s %s\n", "noise multiplier",
              RoundedUp(Multiplier(mechanism)).c_str());
  for (const auto& [name, value] : details.items()) {
    std::string words = name;
    for (char& letter : words) letter = letter == '_' ? ' ' : letter;
    std::printf("  %-22s %s\n", words.c_str(),
                value.is_number_float()
                    ? absl::StrFormat("%.6g", value.get<double>()).c_str()
                    : value.dump().c_str());
  }
  std::printf("  %-22s %s\n", "accountant", guarantee.accountant.c_str());
  std::printf("  %-22s %s\n", "rests on", kind.claim);
}

Adjacency AdjacencyOf(const PrivacyFlags& flags) {
  return flags.adjacency == kReplace ? Adjacency::kReplace
                                     : Adjacency::kAddOrRemove;
}

absl::Status Account(const PrivacyMechanism& kind, const PrivacyFlags& flags) {
  SOTTO_ASSIGN_OR_RETURN(const Mechanism mechanism, kind.describe(flags));
  SOTTO_ASSIGN_OR_RETURN(
      const Guarantee guarantee,
      AccountEpsilon(mechanism, AdjacencyOf(flags), flags.delta));
  Print(kind, flags, mechanism, guarantee);
  return absl::OkStatus();
}

absl::Status Calibrate(const PrivacyMechanism& kind,
                       const PrivacyFlags& flags) {
  SOTTO_ASSIGN_OR_RETURN(const Mechanism mechanism, kind.describe(flags));
  SOTTO_ASSIGN_OR_RETURN(const privacy::Calibration found,
                         CalibrateNoise(mechanism, AdjacencyOf(flags),
                                        flags.epsilon, flags.delta));
  Print(kind, flags, found.mechanism, found.guarantee);
  return absl::OkStatus();
}

struct Verb {
  const char *name, *help, *flag, *flag_help, *example;
  double PrivacyFlags::*field;
  absl::Status (*run)(const PrivacyMechanism&, const PrivacyFlags&);
};

constexpr Verb kVerbs[] = {
    {"account", "the epsilon of a described mechanism", "--noise-multiplier",
     "standard deviation of the noise over the clipping norm",
     "--noise-multiplier 1.5", &PrivacyFlags::noise_multiplier, Account},
    {"calibrate", "the least noise that keeps an epsilon", "--epsilon",
     "what the run may cost in all", "--epsilon 4", &PrivacyFlags::epsilon,
     Calibrate}};

void AddMechanism(CLI::App& family, const Verb& verb,
                  const PrivacyMechanism& kind) {
  auto flags = std::make_shared<PrivacyFlags>();
  CLI::App& command = *family.add_subcommand(kind.name, kind.help);
  kind.add_options(command, *flags);
  command.add_option(verb.flag, (*flags).*verb.field, verb.flag_help)
      ->required();
  command
      .add_option("--delta", flags->delta,
                  "chance of more; below one over the population")
      ->required();
  command
      .add_option("--adjacency", flags->adjacency,
                  "how neighbours differ: a unit more or less, or exchanged")
      ->required()
      ->check(CLI::IsMember({kAddOrRemove, kReplace}));
  command.add_flag("--json", flags->json, "print JSON");
  command.footer(
      absl::StrFormat("Example:\n  sotto privacy %s %s %s \\\n      %s --delta "
                      "1e-6 --adjacency "
                      "add-or-remove",
                      verb.name, kind.name, kind.example, verb.example));
  SetAction(command, [&verb, &kind, flags] { return verb.run(kind, *flags); });
}

}  // namespace

void AddPrivacyCommands(CLI::App& app) {
  CLI::App& privacy =
      *app.add_subcommand("privacy", "what a run costs in privacy");
  privacy.require_subcommand(1);
  for (const Verb& verb : kVerbs) {
    CLI::App& family = *privacy.add_subcommand(verb.name, verb.help);
    family.require_subcommand(1);
    for (const PrivacyMechanism& kind : PrivacyMechanisms()) {
      AddMechanism(family, verb, kind);
    }
    family.footer(
        "The epsilon is an upper bound for everything that the run releases, "
        "at\n"
        "the given delta. Sampling and adjacency have no default: name the\n"
        "mechanism that the devices really run.");
  }
}

}  // namespace sotto::tools
