// sotto task create | status | explain | export | stop, against a coordinator.

#include "tools/sotto/task_commands.h"

#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "base/file.h"
#include "base/status.h"
#include "runtime/loader/model_file.h"
#include "runtime/loader/model_writer.h"
#include "tools/sotto/admin_client.h"
#include "tools/sotto/command.h"
#include "tools/sotto/message_json.h"

namespace sotto::tools {
namespace {

struct CreateFlags {
  AdminOptions admin;
  v1::CreateTaskRequest request;
  std::string task, population, plan, model;
  std::uint32_t rounds = 1, cohort_goal = 3, cohort_min = 3;
  std::uint32_t selection_timeout_ms = 5000, step_timeout_ms = 5000;
  double learning_rate = 1.0, momentum = 0.0;
};

absl::Status Create(const CreateFlags& flags) {
  SOTTO_ASSIGN_OR_RETURN(const runtime::Model model,
                         runtime::LoadModel(flags.model));
  const std::vector<float> weights = runtime::FlatWeights(model);
  v1::CreateTaskRequest request;
  request.set_task(flags.task);
  request.set_population(flags.population);
  request.set_plan_target(flags.plan);
  request.set_initial_weights(weights.data(), weights.size() * sizeof(float));
  request.set_rounds(flags.rounds);
  request.set_cohort_goal(flags.cohort_goal);
  request.set_cohort_min(flags.cohort_min);
  request.set_selection_timeout_ms(flags.selection_timeout_ms);
  request.set_step_timeout_ms(flags.step_timeout_ms);
  request.set_server_learning_rate(flags.learning_rate);
  request.set_server_momentum(flags.momentum);
  SOTTO_ASSIGN_OR_RETURN(AdminClient client, AdminClient::Connect(flags.admin));
  SOTTO_RETURN_IF_ERROR(client.CreateTask(request));
  if (flags.admin.json) {
    std::printf("%s\n", nlohmann::json{{"task", flags.task},
                                       {"weights", weights.size()}}
                            .dump()
                            .c_str());
  } else {
    std::printf("task '%s': %u rounds of %zu weights\n", flags.task.c_str(),
                flags.rounds, weights.size());
  }
  return absl::OkStatus();
}

void AddCreate(CLI::App& family) {
  auto flags = std::make_shared<CreateFlags>();
  CLI::App& command = *family.add_subcommand("create", "start a task");
  AddAdminOptions(command, flags->admin);
  command.add_option("--task", flags->task, "its name")->required();
  command.add_option("--population", flags->population, "whose devices")
      ->required();
  command.add_option("--plan", flags->plan, "plan target, such as plan/t.plan")
      ->required();
  command.add_option("--model", flags->model, ".tflite with initial weights")
      ->required();
  command.add_option("--rounds", flags->rounds, "rounds to commit");
  command.add_option("--cohort-goal", flags->cohort_goal,
                     "devices a round, at most 65535");
  command.add_option("--cohort-min", flags->cohort_min, "fewest that may form");
  command.add_option("--selection-timeout-ms", flags->selection_timeout_ms,
                     "from the first arrival to a smaller cohort");
  command.add_option("--step-timeout-ms", flags->step_timeout_ms,
                     "after which laggards are dropped");
  command.add_option("--server-learning-rate", flags->learning_rate,
                     "1: plain federated averaging");
  command.add_option("--server-momentum", flags->momentum, "in [0, 1)");
  SetAction(command, [flags] { return Create(*flags); });
}

struct RoundFlags {
  AdminOptions admin;
  std::string task, model, out;
  std::uint64_t round = 0;
};

void PrintRound(const v1::RoundStatus& round) {
  std::printf("  %5llu  %-12s %6u %9u %9.1f %9.1f %8.1f\n",
              static_cast<unsigned long long>(round.round()),
              round.state().c_str(), round.cohort(), round.included(),
              static_cast<double>(round.bytes_up()) / 1e3,
              static_cast<double>(round.bytes_down()) / 1e3, round.seconds());
}

absl::Status PrintTask(const AdminOptions& admin,
                       const absl::StatusOr<v1::TaskStatus>& status) {
  SOTTO_RETURN_IF_ERROR(status.status());
  if (admin.json) {
    std::printf("%s\n", MessageJson(*status).dump().c_str());
    return absl::OkStatus();
  }
  std::printf("task '%s' is %s: %llu rounds committed, %llu abandoned\n",
              status->task().c_str(), status->state().c_str(),
              static_cast<unsigned long long>(status->rounds_committed()),
              static_cast<unsigned long long>(status->rounds_abandoned()));
  if (!status->reason().empty()) {
    std::printf("  because: %s\n", status->reason().c_str());
  }
  if (status->has_privacy()) {
    const v1::TaskStatus::Privacy& privacy = status->privacy();
    std::printf(
        "  privacy: epsilon %.4g of %g at delta %g is spent, in %llu releases "
        "of "
        "the model family; a round more: %.4g\n",
        privacy.spent_epsilon(), privacy.budget_epsilon(), privacy.delta(),
        static_cast<unsigned long long>(privacy.releases()),
        privacy.next_epsilon());
  }
  std::printf(
      "  round  state        cohort  included     kB up   kB down"
      "  seconds\n");
  for (const v1::RoundStatus& round : status->rounds()) PrintRound(round);
  return absl::OkStatus();
}

absl::Status Explain(const RoundFlags& flags) {
  SOTTO_ASSIGN_OR_RETURN(AdminClient client, AdminClient::Connect(flags.admin));
  SOTTO_ASSIGN_OR_RETURN(const v1::RoundStatus round,
                         client.ExplainRound(flags.task, flags.round));
  if (flags.admin.json) {
    std::printf("%s\n", MessageJson(round).dump().c_str());
    return absl::OkStatus();
  }
  PrintRound(round);
  if (!round.reason().empty()) {
    std::printf("  because: %s\n", round.reason().c_str());
  }
  for (const std::string& phase : round.phases()) {
    std::printf("  phase %s\n", phase.c_str());
  }
  for (const v1::RoundStatus::Device& device : round.devices()) {
    std::printf("  device %s  %-10s %s%s%s\n",
                HexEncode(device.device_id()).c_str(), device.shape().c_str(),
                device.outcome().c_str(), device.reason().empty() ? "" : ": ",
                device.reason().c_str());
  }
  return absl::OkStatus();
}

absl::Status Export(const RoundFlags& flags) {
  SOTTO_ASSIGN_OR_RETURN(runtime::Model model, runtime::LoadModel(flags.model));
  SOTTO_ASSIGN_OR_RETURN(AdminClient client, AdminClient::Connect(flags.admin));
  SOTTO_ASSIGN_OR_RETURN(const Bytes raw,
                         client.ExportCheckpoint(flags.task, flags.round));
  std::vector<float> weights(raw.size() / sizeof(float));
  std::memcpy(weights.data(), raw.data(), weights.size() * sizeof(float));
  SOTTO_RETURN_IF_ERROR(Annotate(runtime::SetFlatWeights(model, weights),
                                 "checkpoint into '" + flags.model + "'"));
  SOTTO_RETURN_IF_ERROR(
      WriteFileAtomically(flags.out, runtime::WriteModel(model)));
  if (flags.admin.json) {
    std::printf("%s\n",
                nlohmann::json{{"path", flags.out}, {"weights", weights.size()}}
                    .dump()
                    .c_str());
  } else {
    std::printf("%s: the model after round %llu\n", flags.out.c_str(),
                static_cast<unsigned long long>(flags.round));
  }
  return absl::OkStatus();
}

template <typename Action>
CLI::App& AddRound(CLI::App& family, const char* name, const char* help,
                   const std::shared_ptr<RoundFlags>& flags, Action action) {
  CLI::App& command = *family.add_subcommand(name, help);
  AddAdminOptions(command, flags->admin);
  command.add_option("--task", flags->task, "the task")->required();
  SetAction(command, [flags, action] { return action(*flags); });
  return command;
}

}  // namespace

void AddTaskCommands(CLI::App& app) {
  CLI::App& family =
      *app.add_subcommand("task", "define and follow federated tasks");
  family.require_subcommand(1);
  AddTaskPlan(family);
  AddCreate(family);
  AddRound(family, "status", "rounds so far", std::make_shared<RoundFlags>(),
           [](const RoundFlags& flags) -> absl::Status {
             SOTTO_ASSIGN_OR_RETURN(AdminClient client,
                                    AdminClient::Connect(flags.admin));
             return PrintTask(flags.admin, client.GetTask(flags.task));
           });
  AddRound(family, "stop", "no further rounds", std::make_shared<RoundFlags>(),
           [](const RoundFlags& flags) -> absl::Status {
             SOTTO_ASSIGN_OR_RETURN(AdminClient client,
                                    AdminClient::Connect(flags.admin));
             return PrintTask(flags.admin, client.StopTask(flags.task));
           });
  const auto explain = std::make_shared<RoundFlags>();
  AddRound(family, "explain", "why each device was in or out of a round",
           explain, Explain)
      .add_option("--round", explain->round, "its number")
      ->required();
  const auto exported = std::make_shared<RoundFlags>();
  CLI::App& command =
      AddRound(family, "export", "the global model after a round, as .tflite",
               exported, Export);
  command.add_option("--round", exported->round, "its number, 0: initial")
      ->required();
  command.add_option("--model", exported->model, ".tflite with the graph")
      ->required();
  command.add_option("--out", exported->out, "the file to write")->required();
}

}  // namespace sotto::tools
