// Rounds of a test fleet with noise under a budget.

#ifndef SOTTO_SERVER_ROUNDS_TEST_NOISY_ROUNDS_H_
#define SOTTO_SERVER_ROUNDS_TEST_NOISY_ROUNDS_H_

#include <set>
#include <string>
#include <vector>

#include "privacy/rounds/round_noise.h"
#include "server/rounds/noisy_sum.h"
#include "server/rounds/privacy_ledger.h"
#include "server/rounds/round_state.h"
#include "server/rounds/test_fleet.h"
#include "tests/support/status_matchers.h"

namespace sotto::server {

inline constexpr double kDelta = 1e-6;

// Noise twice the clip, and epsilon for `rounds` rounds of all devices.
inline void AddNoise(
    v1::Plan& plan, int rounds,
    v1::Plan::Privacy::Noise noise = v1::Plan::Privacy::DISCRETE_GAUSSIAN) {
  plan.mutable_encode()->set_max_weight(1);
  using Privacy = v1::Plan::Privacy;
  Privacy& privacy = *plan.mutable_privacy();
  privacy.set_noise(noise);
  privacy.set_noise_multiplier(2);
  privacy.set_epsilon(1);
  privacy.set_delta(kDelta);
  privacy.set_unit(Privacy::USER);
  privacy.set_sampling(Privacy::NO_AMPLIFICATION);
  std::vector<privacy::LedgerEntry> entries;
  for (int r = 1; r <= rounds; ++r) {
    entries.push_back(EntryOf(plan, static_cast<std::uint64_t>(r),
                              DearestRelease(plan, kTestWeights, 3).value())
                          .value());
  }
  privacy.set_epsilon(privacy::SpentEpsilon(entries, kDelta).value());
}

inline v1::CreateTaskRequest ManyRounds(const TestFleet& fleet) {
  v1::CreateTaskRequest request = fleet.Request();
  request.set_rounds(10);
  return request;
}

// One round of four devices from `first` on but those that vanish before their
// input.
inline void RunRound(TestFleet& fleet, const std::set<int>& vanish = {},
                     int first = 0) {
  for (int i = first; i < first + 4; ++i) {
    fleet.device(i).Restart();
    ASSERT_TRUE(*fleet.Join(i));
  }
  const std::uint64_t round = fleet.keeper().GetTask("train")->rounds_size();
  for (int turn = 0; turn < 60; ++turn) {
    for (int i = first; i < first + 4; ++i) {
      TestDevice& device = fleet.device(i);
      if (device.done()) continue;
      if (vanish.contains(i) && device.last().has_input()) continue;
      ASSERT_THAT(device.Turn(fleet.keeper()), IsOk()) << "device " << i;
    }
    fleet.clock().Advance(std::chrono::milliseconds(50));
    ASSERT_THAT(fleet.keeper().Tick(), IsOk());
    const std::string state = fleet.Explain(round).state();
    if (state == kCommitted || state == kAbandoned) return;
  }
  FAIL() << "round " << round << " has no end";
}

}  // namespace sotto::server

#endif  // SOTTO_SERVER_ROUNDS_TEST_NOISY_ROUNDS_H_
