// A round of more devices than a masked sum of their numbers in one entry each
// would bear, above the cohorts that take the complete graph: every device runs
// the real client session, the coordinator its journal.

#include <cstring>
#include <vector>

#include "gtest/gtest.h"
#include "server/rounds/round_state.h"
#include "server/rounds/test_fleet.h"
#include "tests/support/status_matchers.h"

namespace sotto::server {
namespace {

constexpr int kDevices = 1100;
constexpr int kSilent = 3;  // once their shares are sent
constexpr std::uint32_t kFewest = 1090;

bool IsSilent(const TestDevice& device, int i) {
  return i < kSilent && device.last().has_input();
}

TEST(LargeCohortTest, SumAndMetricsOfElevenHundredDevicesAreExact) {
  TestFleet fleet("large", kDevices);
  fleet.plan().mutable_encode()->set_bits(32);
  fleet.plan().mutable_secure_aggregation()->set_min_cohort(kFewest);
  auto request = fleet.Request();
  request.set_cohort_goal(kDevices);
  request.set_cohort_min(kFewest);
  request.set_step_timeout_ms(2000);
  ASSERT_THAT(fleet.CreateTask(request), IsOk());
  for (int i = 0; i < kDevices; ++i) {
    fleet.device(i).SeeMostExamples();
    const auto joined = fleet.Join(i);
    ASSERT_THAT(joined, IsOk());
    ASSERT_TRUE(*joined);
  }
  bool was_killed = false;
  const auto turn_all = [&] {
    for (int i = 0; i < kDevices; ++i) {
      TestDevice& device = fleet.device(i);
      if (device.done() || IsSilent(device, i)) continue;
      // In the middle of the inputs the coordinator is killed.
      if (!was_killed && i == kDevices / 2 && device.last().input().last()) {
        fleet.Reopen();
        was_killed = true;
      }
      ASSERT_THAT(device.Turn(fleet.keeper()), IsOk()) << "device " << i;
    }
  };
  for (int turn = 0; turn < 30 && fleet.keeper().num_open_rounds() > 0;
       ++turn) {
    turn_all();
    if (HasFatalFailure()) return;
    fleet.clock().Advance(std::chrono::milliseconds(300));
    ASSERT_THAT(fleet.keeper().Tick(), IsOk());
  }
  EXPECT_TRUE(was_killed);
  const v1::RoundStatus round = fleet.Explain(1);
  ASSERT_EQ(round.state(), kCommitted) << round.reason();
  EXPECT_EQ(round.cohort(), std::uint32_t{kDevices});
  EXPECT_LT(round.neighbours(), 100U);  // a ring
  ASSERT_EQ(round.included(), std::uint32_t{kDevices - kSilent});

  std::vector<std::uint32_t> sum(kTestWeights, 0);
  double examples = 0;
  for (int i = kSilent; i < kDevices; ++i) {
    const auto encoded = fleet.device(i).Encoded(fleet.plan());
    for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += encoded[k];
    examples += static_cast<double>(privacy::kMaxMetric);
  }
  Bytes plain(sum.size() * sizeof sum[0]);
  std::memcpy(plain.data(), sum.data(), plain.size());
  EXPECT_EQ(HexEncode(round.update_sum()), HexEncode(plain));
  EXPECT_GT(examples, 4294967296.0);
  EXPECT_EQ(round.eval_count(), examples);
  EXPECT_EQ(round.eval_correct(), examples);
  EXPECT_EQ(round.train_examples(), examples);
  EXPECT_EQ(round.train_loss(), 1.0 / 256);

  // All hear of the end.
  for (int turn = 0; turn < 2; ++turn) {
    turn_all();
    if (HasFatalFailure()) return;
  }
  for (int i = 0; i < kDevices; ++i) {
    if (IsSilent(fleet.device(i), i)) continue;
    EXPECT_EQ(fleet.device(i).outcome().kind(), v1::RoundOutcome::COMMITTED);
    EXPECT_EQ(fleet.device(i).outcome().included(), round.included());
  }
}

}  // namespace
}  // namespace sotto::server
