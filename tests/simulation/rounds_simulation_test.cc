// Tasks of two rounds over devices, a network and a coordinator that fail: lost
// requests and replies, duplicates, messages of the past, devices that vanish,
// come back or start anew, a coordinator that is killed and goes on from its
// journal. Whatever happens, a committed round holds the exact sum over the
// devices it names, and once the faults end the task ends.
//
// One thread, a fake clock and one seed decide everything. A failure prints its
// seed; SOTTO_SIMULATION_SEED=N runs that one alone, SOTTO_SIMULATION_SEEDS=N
// the first N.

#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/rounds/round_state.h"
#include "server/rounds/test_fleet.h"
#include "tests/support/status_matchers.h"

namespace sotto::server {
namespace {

constexpr int kDevices = 6;
constexpr int kRounds = 2;
constexpr int kFaultyActs = 1500;
constexpr int kMaxActs = 30000;

// What happened, over all seeds: a simulation without faults proves nothing.
struct Totals {
  int committed = 0, abandoned = 0, dropped = 0, kills = 0, refused = 0;
  int lost_requests = 0, lost_replies = 0, duplicates = 0, stale = 0;
};

class Simulation {
 public:
  Simulation(std::uint64_t seed, Totals& totals)
      : totals_(totals),
        rng_(AsBytes("simulation " + std::to_string(seed))),
        fleet_("simulation", kDevices),
        storm_(1 + Below(12)) {
    auto request = fleet_.Request();
    request.set_rounds(kRounds);
    request.set_cohort_goal(static_cast<std::uint32_t>(3 + Below(2)));
    EXPECT_THAT(fleet_.CreateTask(request), IsOk());
  }

  void Run() {
    for (act_ = 0; act_ < kMaxActs; ++act_) {
      const int i = static_cast<int>(Below(kDevices));
      if (act_ >= away_until_[i]) Act(i);
      if (::testing::Test::HasFatalFailure()) return;
      if (Happens(storm_, 400)) {
        ++totals_.kills;
        fleet_.Reopen();
      }
      fleet_.clock().Advance(std::chrono::milliseconds(Below(20)));
      ASSERT_THAT(fleet_.keeper().Tick(), IsOk());
      if (fleet_.keeper().GetTask("train")->state() == "done") break;
    }
    CheckTask();
  }

 private:
  std::uint64_t Below(std::uint64_t bound) {
    return crypto::UniformBelow(rng_, bound);
  }
  // Faults end after a while, so that a task that hangs is told from one that
  // is held up.
  bool Happens(std::uint64_t chance, std::uint64_t of) {
    return Below(of) < chance && act_ < kFaultyActs;
  }

  void Act(int i) {
    TestDevice& device = fleet_.device(i);
    if (!device.joined() || device.done()) {
      Join(i);
      return;
    }
    std::vector<v1::StepRequest>& past = past_[i];
    if (Happens(storm_, 100)) {  // the request is lost
      ++totals_.lost_requests;
    } else if (Happens(storm_, 100)) {  // the reply is lost
      ++totals_.lost_replies;
      (void)fleet_.keeper().Step(device.record(), device.last());
    } else if (Happens(storm_, 100) && !past.empty()) {  // one overtakes
      ++totals_.stale;
      (void)fleet_.keeper().Step(device.record(), past[Below(past.size())]);
    } else if (Happens(storm_, 400)) {  // away, perhaps for a whole round
      away_until_[i] = act_ + static_cast<int>(Below(400));
      if (Below(2) == 0) device.Restart();
    } else {
      if (Happens(storm_, 100)) {
        ++totals_.duplicates;
        (void)fleet_.keeper().Step(device.record(), device.last());
      }
      past.push_back(device.last());
      Turn(device);
    }
  }

  void Turn(TestDevice& device) {
    const absl::Status status = device.Turn(fleet_.keeper());
    if (status.ok()) return;
    // Only what the protocol calls an end of the session: the server tells
    // late and lost devices so, and devices leave rounds that grow too small.
    ASSERT_THAT(status.code(),
                ::testing::AnyOf(absl::StatusCode::kFailedPrecondition,
                                 absl::StatusCode::kAborted))
        << status;
    ++totals_.refused;
    device.Restart();
  }

  // A device joins each round once, as its participation ledger has it.
  void Join(int i) {
    TestDevice& device = fleet_.device(i);
    v1::CheckInRequest request;
    request.set_population("test");
    request.add_models("m");
    request.set_examples(8);
    const auto offer = fleet_.keeper().CheckIn(device.record(), request);
    ASSERT_THAT(offer, IsOk());
    if (!offer->has_value() || (**offer).round() <= last_round_[i]) return;
    const auto joined = fleet_.Join(i);
    ASSERT_THAT(joined, IsOk());
    if (!*joined) return;
    last_round_[i] = (**offer).round();
    ++rounds_joined_[i];
  }

  void CheckTask() {
    const v1::TaskStatus task = fleet_.keeper().GetTask("train").value();
    ASSERT_EQ(task.state(), "done") << "the task hangs";
    ASSERT_EQ(task.rounds_committed(), std::uint64_t{kRounds});
    std::map<std::string, std::uint64_t> included;
    Bytes weights(kTestWeights * 4, 0);
    for (const v1::RoundStatus& summary : task.rounds()) {
      const v1::RoundStatus round = fleet_.Explain(summary.round());
      if (round.state() == kAbandoned) {
        ++totals_.abandoned;
        EXPECT_FALSE(round.reason().empty());
        EXPECT_TRUE(round.update_sum().empty());
        EXPECT_THAT(fleet_.keeper().Export("train", round.round()),
                    StatusIs(absl::StatusCode::kNotFound));
        continue;
      }
      ASSERT_EQ(round.state(), kCommitted);
      ++totals_.committed;
      CheckSum(round, weights, included);
    }
    for (int i = 0; i < kDevices; ++i) {
      // An input counts when it is durable, be the round abandoned later.
      const std::uint64_t counted =
          fleet_.store().Participation("train", fleet_.device(i).id())->count;
      EXPECT_GE(counted, included[ToString(fleet_.device(i).id())]);
      EXPECT_LE(counted, rounds_joined_[i]);
    }
  }

  // The sum, and the model made of it, from the inputs of those included.
  void CheckSum(const v1::RoundStatus& round, Bytes& weights,
                std::map<std::string, std::uint64_t>& included) {
    RoundSum sum{
        .update = std::vector<std::uint32_t>(kTestWeights, 0),
        .metrics = std::vector<std::uint32_t>(privacy::kMetricsLength, 0),
        .included = 0,
        .cohort = round.cohort()};
    for (int i = 0; i < kDevices; ++i) {
      const TestDevice& device = fleet_.device(i);
      if (OutcomeOf(round, device) != "included") continue;
      ++sum.included;
      ++included[ToString(device.id())];
      const auto encoded = device.Encoded(fleet_.plan());
      for (std::size_t k = 0; k < encoded.size(); ++k) {
        sum.update[k] = (sum.update[k] + encoded[k]) & 0xffffff;
      }
      const auto metrics = privacy::EncodeMetrics(device.metrics());
      for (std::size_t k = 0; k < sum.metrics.size(); ++k) {
        sum.metrics[k] += metrics[k];
      }
    }
    totals_.dropped += static_cast<int>(round.cohort() - sum.included);
    EXPECT_GE(sum.included, 3U);
    ASSERT_EQ(round.included(), sum.included);
    Bytes plain(kTestWeights * 4);
    std::memcpy(plain.data(), sum.update.data(), plain.size());
    ASSERT_EQ(HexEncode(round.update_sum()), HexEncode(plain));
    const auto model = ApplySum(fleet_.plan(), {}, weights, {}, sum);
    ASSERT_THAT(model, IsOk());
    weights = model->weights;
    EXPECT_EQ(fleet_.keeper().Export("train", round.round()).value(), weights);
    EXPECT_EQ(HexEncode(round.model_hash()),
              HexEncode(crypto::Sha256(weights)));
  }

  static std::string OutcomeOf(const v1::RoundStatus& round,
                               const TestDevice& device) {
    for (const auto& member : round.devices()) {
      if (member.device_id() == AsText(device.id())) return member.outcome();
    }
    return "";
  }

  Totals& totals_;
  crypto::SeededRng rng_;
  TestFleet fleet_;
  const std::uint64_t storm_;  // faults in a hundred, of each kind
  int act_ = 0;
  std::map<int, int> away_until_;
  std::map<int, std::uint64_t> last_round_, rounds_joined_;
  std::map<int, std::vector<v1::StepRequest>> past_;
};

std::uint64_t FromEnvironment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(RoundsSimulationTest, SumsAreExactAndTasksEndWhateverFails) {
  Totals totals;
  const std::uint64_t only = FromEnvironment("SOTTO_SIMULATION_SEED", 0);
  const std::uint64_t seeds = FromEnvironment("SOTTO_SIMULATION_SEEDS", 40);
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    if (only != 0 && seed != 1) break;
    const std::uint64_t used = only != 0 ? only : seed;
    SCOPED_TRACE("SOTTO_SIMULATION_SEED=" + std::to_string(used));
    Simulation(used, totals).Run();
    if (HasFailure()) break;
  }
  std::printf(
      "committed %d, abandoned %d, dropped %d, kills %d, left %d, lost "
      "requests %d, lost replies %d, duplicates %d, stale %d\n",
      totals.committed, totals.abandoned, totals.dropped, totals.kills,
      totals.refused, totals.lost_requests, totals.lost_replies,
      totals.duplicates, totals.stale);
  if (only != 0 || seeds < 20) return;
  for (const int count :
       {totals.committed, totals.abandoned, totals.dropped, totals.kills,
        totals.lost_requests, totals.lost_replies, totals.duplicates,
        totals.stale}) {
    EXPECT_GT(count, 0) << "the simulation no longer reaches this";
  }
}

}  // namespace
}  // namespace sotto::server
