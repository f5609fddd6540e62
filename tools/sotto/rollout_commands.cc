// sotto rollout start | status | revert | release, against a coordinator, and
// the family that `assign` is in.

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "tools/sotto/admin_client.h"
#include "tools/sotto/command.h"
#include "tools/sotto/guardrail_flag.h"
#include "tools/sotto/message_json.h"
#include "tools/sotto/rollout_assign.h"

namespace sotto::tools {
namespace {

struct RolloutFlags {
  AdminOptions admin;
  std::string app, model, policy, condition;
  std::uint64_t control = 0, treatment = 0, release = 0;
  std::vector<std::string> steps, guardrails;
  std::uint32_t dwell_ms = 3600 * 1000, min_devices = 1;
};

absl::Status Print(const AdminOptions& admin,
                   const absl::StatusOr<v1::RolloutStatus>& status) {
  SOTTO_RETURN_IF_ERROR(status.status());
  if (admin.json) {
    std::printf("%s\n", MessageJson(*status).dump().c_str());
    return absl::OkStatus();
  }
  std::printf("rollout of '%s': %s at %.1f %%, rules %llu, release %llu%s%s\n",
              status->model().c_str(), status->state().c_str(),
              status->step_bp() / 100.0,
              static_cast<unsigned long long>(status->seq()),
              static_cast<unsigned long long>(status->active_release()),
              status->reason().empty() ? "" : ": ", status->reason().c_str());
  for (const v1::RolloutStatus::Step& step : status->steps()) {
    std::printf("  %6.1f %%  %-12s %s\n", step.step_bp() / 100.0,
                step.verdict().empty() ? "current" : step.verdict().c_str(),
                step.evidence().c_str());
    for (const v1::RolloutStatus::Arm& arm : step.arms()) {
      std::printf(
          "            %-10s release %llu on %u devices\n", arm.name().c_str(),
          static_cast<unsigned long long>(arm.release()), arm.devices());
    }
  }
  return absl::OkStatus();
}

absl::Status Start(const RolloutFlags& flags) {
  v1::StartRolloutRequest request;
  request.set_app(flags.app);
  request.set_model(flags.model);
  request.set_policy(flags.policy);
  request.set_control_release(flags.control);
  request.set_treatment_release(flags.treatment);
  request.set_dwell_ms(flags.dwell_ms);
  request.set_condition_json(flags.condition);
  request.set_min_devices_per_arm(flags.min_devices);
  for (const std::string& step : flags.steps) {
    SOTTO_ASSIGN_OR_RETURN(const std::uint32_t bp, ParseStep(step));
    request.add_steps_bp(bp);
  }
  for (const std::string& text : flags.guardrails) {
    SOTTO_ASSIGN_OR_RETURN(*request.add_guardrails(), ParseGuardrail(text));
  }
  SOTTO_ASSIGN_OR_RETURN(AdminClient client, AdminClient::Connect(flags.admin));
  return Print(flags.admin, client.StartRollout(request));
}

absl::Status Release(const RolloutFlags& flags) {
  v1::SetReleaseRequest request;
  request.set_app(flags.app);
  request.set_model(flags.model);
  request.set_policy(flags.policy);
  request.set_release(flags.release);
  SOTTO_ASSIGN_OR_RETURN(AdminClient client, AdminClient::Connect(flags.admin));
  return Print(flags.admin, client.SetRelease(request));
}

absl::Status Status(const RolloutFlags& flags) {
  SOTTO_ASSIGN_OR_RETURN(AdminClient client, AdminClient::Connect(flags.admin));
  return Print(flags.admin, client.GetRollout(flags.model));
}

absl::Status Revert(const RolloutFlags& flags) {
  SOTTO_ASSIGN_OR_RETURN(AdminClient client, AdminClient::Connect(flags.admin));
  return Print(flags.admin, client.RevertRollout(flags.model));
}

CLI::App& AddCommand(CLI::App& family, const char* name, const char* help,
                     const std::shared_ptr<RolloutFlags>& flags,
                     absl::Status (*action)(const RolloutFlags&)) {
  CLI::App& command = *family.add_subcommand(name, help);
  AddAdminOptions(command, flags->admin);
  command.add_option("--model", flags->model, "family, digits/cnn")->required();
  SetAction(command, [flags, action] { return action(*flags); });
  return command;
}

}  // namespace

void AddRolloutCommands(CLI::App& app) {
  CLI::App& family =
      *app.add_subcommand("rollout", "stage releases over devices");
  family.require_subcommand(1);

  auto start = std::make_shared<RolloutFlags>();
  CLI::App& start_command = AddCommand(
      family, "start", "an A/B test of two releases in steps", start, Start);
  start_command.add_option("--app", start->app,
                           "the app's name; default: the family up to '/'");
  start_command
      .add_option("--policy", start->policy, "policy target of the models")
      ->required();
  start_command.add_option("--control", start->control, "release counter")
      ->required();
  start_command.add_option("--treatment", start->treatment, "release counter")
      ->required();
  start_command
      .add_option("--steps", start->steps, "percent, 1,5,10,25,50,100")
      ->required()
      ->delimiter(',');
  start_command.add_option("--dwell-ms", start->dwell_ms,
                           "shortest time of a step");
  start_command
      .add_option("--guardrail", start->guardrails,
                  "METRIC:alpha=A,n=N,min=M, lower is better; may repeat")
      ->required();
  start_command.add_option("--condition", start->condition,
                           "targeting condition, JSON");
  start_command.add_option("--min-devices-per-arm", start->min_devices,
                           "in each step; the salt is drawn accordingly");

  auto release = std::make_shared<RolloutFlags>();
  CLI::App& release_command =
      AddCommand(family, "release", "give all devices one release, untested",
                 release, Release);
  release_command.add_option("--app", release->app,
                             "the app's name; default: the family up to '/'");
  release_command.add_option("--release", release->release, "release counter")
      ->required();
  release_command.add_option("--policy", release->policy,
                             "policy target of the models");

  AddCommand(family, "status", "where the rollout stands",
             std::make_shared<RolloutFlags>(), Status);
  AddCommand(family, "revert", "back to the control release, at once",
             std::make_shared<RolloutFlags>(), Revert);
  AddRolloutAssign(family);
}

}  // namespace sotto::tools
