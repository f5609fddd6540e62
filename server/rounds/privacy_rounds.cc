// RoundKeeper's privacy budget.

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "privacy/rounds/round_noise.h"
#include "server/rounds/noisy_sum.h"
#include "server/rounds/round_keeper.h"
#include "server/rounds/round_state.h"

namespace sotto::server {

using privacy::LedgerEntry;

namespace {

// Rows that the rounds to come need of those before.
std::uint64_t KeptRows(const v1::Plan& plan) {
  const int bands = plan.privacy().coefficients_size();
  return bands == 0 ? 0 : static_cast<std::uint64_t>(bands - 1);
}

template <typename Value>
Bytes Pack(std::span<const Value> values) {
  Bytes bytes(values.size_bytes());
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

template <typename Value>
std::vector<Value> Unpack(ByteView bytes) {
  std::vector<Value> values(bytes.size() / sizeof(Value));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(Value));
  return values;
}

// RESOURCE_EXHAUSTED: after the last round of the plan's tree or matrix.
absl::Status CheckRunsOn(const v1::Plan& plan, std::uint64_t number) {
  const std::uint64_t rounds = privacy::NoiseRounds(plan);
  if (rounds == 0 || number <= rounds) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrFormat("privacy budget: round %d of task '%s' is after the "
                      "last of plan.privacy.rounds, which is %d",
                      number, plan.task(), rounds));
}

}  // namespace

absl::Status RoundKeeper::CheckNextRound(const v1::Plan& plan,
                                         const std::string& population,
                                         std::uint32_t num_weights,
                                         std::uint32_t cohort_min,
                                         std::uint64_t number) {
  if (!plan.has_privacy()) return absl::OkStatus();
  SOTTO_RETURN_IF_ERROR(CheckRunsOn(plan, number));
  auto spent = ledger_.Entries(population, plan.model());
  if (absl::IsResourceExhausted(spent.status())) {
    // A full disk, which must not pass for a spent budget.
    return absl::UnavailableError(std::string(spent.status().message()));
  }
  SOTTO_ASSIGN_OR_RETURN(std::vector<LedgerEntry> entries, std::move(spent));
  // Other tasks of the family may release what they have open before this one.
  for (const auto& [name, other] : tasks_) {
    const TaskSettings& settings = other->settings;
    if (other->round == nullptr || name == plan.task() ||
        settings.request.population() != population ||
        settings.plan.model() != plan.model()) {
      continue;
    }
    std::optional<v1::NoisyRelease> release;
    if (settings.plan.has_privacy()) {
      SOTTO_ASSIGN_OR_RETURN(release,
                             DearestRelease(settings.plan, other->length,
                                            settings.request.cohort_min()));
    }
    SOTTO_ASSIGN_OR_RETURN(
        LedgerEntry pending,
        EntryOf(settings.plan, other->round->record().round, release));
    entries.push_back(std::move(pending));
  }
  SOTTO_ASSIGN_OR_RETURN(const v1::NoisyRelease next,
                         DearestRelease(plan, num_weights, cohort_min));
  SOTTO_ASSIGN_OR_RETURN(LedgerEntry entry, EntryOf(plan, number, next));
  entries.push_back(std::move(entry));
  return CheckBudget(plan, entries);
}

absl::Status RoundKeeper::CheckRelease(Task& task) {
  const v1::Plan& plan = task.settings.plan;
  if (!plan.has_privacy()) return absl::OkStatus();
  SOTTO_ASSIGN_OR_RETURN(
      std::vector<LedgerEntry> entries,
      ledger_.Entries(task.settings.request.population(), plan.model()));
  SOTTO_ASSIGN_OR_RETURN(
      const v1::NoisyRelease release,
      SessionRelease(plan, task.length, task.round->manifest()));
  SOTTO_ASSIGN_OR_RETURN(LedgerEntry entry,
                         EntryOf(plan, task.round->record().round, release));
  entries.push_back(std::move(entry));
  const absl::Status affordable = CheckBudget(plan, entries);
  if (!absl::IsResourceExhausted(affordable)) return affordable;
  return absl::FailedPreconditionError("release withheld: " +
                                       std::string(affordable.message()));
}

absl::Status RoundKeeper::Spend(Task& task) {
  if (!task.round->complete()) return absl::OkStatus();
  const v1::Plan& plan = task.settings.plan;
  std::optional<v1::NoisyRelease> release;
  if (plan.has_privacy()) {
    SOTTO_ASSIGN_OR_RETURN(
        release, SessionRelease(plan, task.length, task.round->manifest()));
  }
  return ledger_.Record(task.settings.request.population(), plan,
                        task.round->record().round, release);
}

absl::StatusOr<std::optional<CoordinatorNoise>> RoundKeeper::NoiseOf(
    const Task& task, std::uint64_t released) {
  if (!privacy::IsCoordinatorNoise(task.settings.plan)) return std::nullopt;
  SOTTO_ASSIGN_OR_RETURN(Bytes seed,
                         parts_.store.NoiseSeed(task.settings.request.task()));
  CoordinatorNoise noise{
      .seed = {}, .round = task.round->record().round, .released = released};
  if (seed.size() != noise.seed.Reveal().size()) {
    return absl::DataLossError(
        absl::StrFormat("the noise seed of task '%s' is damaged",
                        task.settings.request.task()));
  }
  std::ranges::copy(seed, noise.seed.RevealMutable().begin());
  crypto::Wipe(seed);
  if (KeptRows(task.settings.plan) == 0) return noise;
  SOTTO_ASSIGN_OR_RETURN(const std::vector<NoiseRowRecord> records,
                         parts_.store.NoiseRows(task.settings.request.task()));
  for (const NoiseRowRecord& record : records) {
    // The last row is of round `released`, or none is there.
    if (record.round + (&records.back() - &record) != released) {
      return absl::DataLossError(absl::StrFormat(
          "task '%s': the noise of round %d is not kept after round %d",
          record.task, record.round, released));
    }
    noise.rows.push_back({.sum = Unpack<std::int32_t>(record.sum),
                          .release = Unpack<double>(record.release)});
  }
  return noise;
}

absl::Status RoundKeeper::PutNoiseRows(
    const Task& task, const std::vector<privacy::BandedRow>& rows) {
  const std::uint64_t last = task.round->record().round;
  for (const privacy::BandedRow& row : rows) {
    const auto later = static_cast<std::uint64_t>(&rows.back() - &row);
    SOTTO_RETURN_IF_ERROR(
        parts_.store.PutNoiseRow({.task = task.settings.request.task(),
                                  .round = last - later,
                                  .sum = Pack<std::int32_t>(row.sum),
                                  .release = Pack<double>(row.release)},
                                 KeptRows(task.settings.plan)));
  }
  return absl::OkStatus();
}

absl::Status RoundKeeper::FillPrivacy(const TaskRecord& record,
                                      std::uint64_t next_round,
                                      v1::TaskStatus& status) {
  v1::Plan plan;
  v1::CreateTaskRequest request;
  if (!plan.ParseFromArray(record.plan.data(),
                           static_cast<int>(record.plan.size())) ||
      !request.ParseFromArray(record.request.data(),
                              static_cast<int>(record.request.size()))) {
    return absl::DataLossError(
        absl::StrFormat("task '%s': its record is damaged", record.name));
  }
  if (!plan.has_privacy()) return absl::OkStatus();
  SOTTO_ASSIGN_OR_RETURN(std::vector<LedgerEntry> entries,
                         ledger_.Entries(record.population, plan.model()));
  v1::TaskStatus::Privacy& privacy = *status.mutable_privacy();
  const double delta = plan.privacy().delta();
  SOTTO_ASSIGN_OR_RETURN(const double spent,
                         privacy::SpentEpsilon(entries, delta));
  privacy.set_spent_epsilon(spent);
  privacy.set_budget_epsilon(plan.privacy().epsilon());
  privacy.set_delta(delta);
  privacy.set_releases(entries.size());
  SOTTO_ASSIGN_OR_RETURN(const ModelRecord model,
                         parts_.store.GetModel(record.name, 0));
  SOTTO_ASSIGN_OR_RETURN(
      const v1::NoisyRelease next,
      DearestRelease(plan, model.weights.size() / sizeof(float),
                     request.cohort_min()));
  SOTTO_ASSIGN_OR_RETURN(LedgerEntry entry, EntryOf(plan, next_round, next));
  entries.push_back(std::move(entry));
  SOTTO_ASSIGN_OR_RETURN(const double after,
                         privacy::SpentEpsilon(entries, delta));
  privacy.set_next_epsilon(after);
  if (record.state == kOutOfBudget) {
    const absl::Status run = CheckRunsOn(plan, next_round);
    status.set_reason(
        std::string((run.ok() ? CheckBudget(plan, entries) : run).message()));
  }
  return absl::OkStatus();
}

}  // namespace sotto::server
