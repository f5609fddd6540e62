#include "server/rounds/round_keeper.h"

#include <set>

#include "gmock/gmock.h"
#include "server/rounds/round_state.h"
#include "server/rounds/test_fleet.h"
#include "tests/support/status_matchers.h"

namespace sotto::server {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

// Every device that is neither in `gone` nor done takes turns until the round
// has an end or `turns` are over; time passes when nobody can move.
void Drive(TestFleet& fleet, const std::set<int>& gone = {}, int turns = 60) {
  for (int turn = 0; turn < turns; ++turn) {
    for (int i = 0; i < fleet.size(); ++i) {
      TestDevice& device = fleet.device(i);
      if (gone.contains(i) || !device.joined() || device.done()) continue;
      ASSERT_THAT(device.Turn(fleet.keeper()), IsOk()) << "device " << i;
    }
    fleet.clock().Advance(std::chrono::milliseconds(50));
    ASSERT_THAT(fleet.keeper().Tick(), IsOk());
  }
}

Bytes PlainSum(TestFleet& fleet, const std::set<int>& members) {
  std::vector<std::uint32_t> sum(kTestWeights, 0);
  for (const int i : members) {
    const auto encoded = fleet.device(i).Encoded(fleet.plan());
    for (std::size_t k = 0; k < sum.size(); ++k) {
      sum[k] = (sum[k] + encoded[k]) & 0xffffff;
    }
  }
  Bytes bytes(sum.size() * 4);
  std::memcpy(bytes.data(), sum.data(), bytes.size());
  return bytes;
}

TEST(RoundKeeperTest, ARoundCommitsTheExactSum) {
  TestFleet fleet("exact");
  ASSERT_THAT(fleet.CreateTask(fleet.Request()), IsOk());
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(*fleet.Join(i));
  Drive(fleet);
  const v1::RoundStatus round = fleet.Explain(1);
  EXPECT_EQ(round.state(), kCommitted);
  EXPECT_EQ(round.cohort(), 4U);
  EXPECT_EQ(round.included(), 4U);
  EXPECT_EQ(round.update_sum(), AsText(PlainSum(fleet, {0, 1, 2, 3})));
  EXPECT_EQ(round.eval_count(), 32);
  EXPECT_EQ(round.train_loss(), 1.0);
  EXPECT_GT(round.bytes_up(), 0U);
  EXPECT_GT(round.bytes_down(), 0U);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(fleet.device(i).outcome().kind(), v1::RoundOutcome::COMMITTED);
    EXPECT_EQ(round.devices(i).shape(), "-[]+^su");
  }
  EXPECT_EQ(fleet.keeper().GetTask("train")->state(), "done");
  EXPECT_EQ(fleet.keeper().Export("train", 1)->size(), kTestWeights * 4);
}

TEST(RoundKeeperTest, TheCommittedModelDoesNotDependOnTheOrderOfArrival) {
  std::set<std::string> hashes;
  for (const auto& order : {std::vector<int>{0, 1, 2, 3}, {3, 1, 0, 2}}) {
    TestFleet fleet("order");
    ASSERT_THAT(fleet.CreateTask(fleet.Request()), IsOk());
    for (const int i : order) {
      ASSERT_TRUE(*fleet.Join(i));
      ASSERT_THAT(fleet.device(i).Turn(fleet.keeper()), IsOk());
    }
    Drive(fleet);
    ASSERT_EQ(fleet.Explain(1).state(), kCommitted);
    hashes.insert(fleet.Explain(1).model_hash());
  }
  EXPECT_EQ(hashes.size(), 1U);
}

TEST(RoundKeeperTest, ASmallerCohortFormsAfterTheSelectionTimeout) {
  TestFleet fleet("smaller");
  ASSERT_THAT(fleet.CreateTask(fleet.Request()), IsOk());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(*fleet.Join(i));
  Drive(fleet);
  EXPECT_EQ(fleet.Explain(1).state(), kCommitted);
  EXPECT_EQ(fleet.Explain(1).cohort(), 3U);
}

TEST(RoundKeeperTest, BelowTheMinimumNoCohortForms) {
  TestFleet fleet("below");
  ASSERT_THAT(fleet.CreateTask(fleet.Request()), IsOk());
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(*fleet.Join(i));
  Drive(fleet);
  EXPECT_EQ(fleet.Explain(1).state(), kSelecting);
}

TEST(RoundKeeperTest, LaggardsOfEachStepAreDroppedAndNamed) {
  struct Case {
    v1::StepRequest::MessageCase last;
    const char* outcome;
    std::set<int> members;
  };
  for (const Case& c :
       {Case{v1::StepRequest::kShares, "dropped:share_keys", {0, 1, 2}},
        Case{v1::StepRequest::kInput, "dropped:masked_input", {0, 1, 2}},
        Case{v1::StepRequest::kSurvivorSignature, "included", {0, 1, 2, 3}},
        Case{v1::StepRequest::kUnmask, "included", {0, 1, 2, 3}}}) {
    SCOPED_TRACE(c.outcome);
    TestFleet fleet("laggard");
    ASSERT_THAT(fleet.CreateTask(fleet.Request()), IsOk());
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(*fleet.Join(i));
    // Device 3 dies when it is about to send its message of that step.
    bool dead = false;
    for (int turn = 0; turn < 80; ++turn) {
      for (int i = 0; i < 4; ++i) {
        dead = dead || fleet.device(3).last().message_case() == c.last;
        if ((i == 3 && dead) || fleet.device(i).done()) continue;
        ASSERT_THAT(fleet.device(i).Turn(fleet.keeper()), IsOk());
      }
      fleet.clock().Advance(std::chrono::milliseconds(50));
      ASSERT_THAT(fleet.keeper().Tick(), IsOk());
    }
    ASSERT_TRUE(dead);
    const v1::RoundStatus round = fleet.Explain(1);
    ASSERT_EQ(round.state(), kCommitted) << round.reason();
    EXPECT_EQ(round.included(), c.members.size());
    EXPECT_EQ(round.update_sum(), AsText(PlainSum(fleet, c.members)));
    for (const auto& device : round.devices()) {
      if (device.device_id() == AsText(fleet.device(3).id())) {
        EXPECT_EQ(device.outcome(), c.outcome);
      }
    }
  }
}

TEST(RoundKeeperTest, AnAbandonedRoundIsRetriedWithTheSameModelUnderANewId) {
  TestFleet fleet("abandoned");
  ASSERT_THAT(fleet.CreateTask(fleet.Request()), IsOk());
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(*fleet.Join(i));
  for (int i = 0; i < 4; ++i) {
    ASSERT_THAT(fleet.device(i).Turn(fleet.keeper()), IsOk());
  }
  Drive(fleet, {1, 2, 3});  // one survivor of the first step
  const v1::RoundStatus first = fleet.Explain(1);
  EXPECT_EQ(first.state(), kAbandoned);
  EXPECT_THAT(first.reason(), HasSubstr("share_keys"));
  const auto before = fleet.store().GetRound("train", 1);
  const auto after = fleet.store().GetRound("train", 2);
  ASSERT_THAT(after, IsOk());
  EXPECT_EQ(before->model_hash, after->model_hash);
  EXPECT_EQ(after->previous_model_hash, before->model_hash);
  EXPECT_NE(before->round_id, after->round_id);
  EXPECT_THAT(fleet.keeper().Export("train", 1),
              StatusIs(absl::StatusCode::kNotFound));
  for (int i = 0; i < 4; ++i) {
    fleet.device(i).Restart();
    ASSERT_TRUE(*fleet.Join(i));
  }
  Drive(fleet);
  EXPECT_EQ(fleet.Explain(2).state(), kCommitted);
  EXPECT_EQ(fleet.keeper().GetTask("train")->rounds_abandoned(), 1U);
}

TEST(RoundKeeperTest, AMessageOfAnotherStepChangesNothing) {
  TestFleet fleet("order_of_steps");
  ASSERT_THAT(fleet.CreateTask(fleet.Request()), IsOk());
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(*fleet.Join(i));
  v1::StepRequest early;
  early.set_round_id(fleet.device(0).last().round_id());
  early.mutable_unmask();
  EXPECT_THAT(fleet.keeper().Step(fleet.device(0).record(), early),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("'advertise'")));
  v1::StepRequest poll;
  poll.set_round_id(early.round_id());
  poll.mutable_poll();
  EXPECT_THAT(fleet.keeper().Step(fleet.device(0).record(), poll),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("advertise first")));
  poll.clear_message();
  EXPECT_THAT(fleet.keeper().Step(fleet.device(0).record(), poll),
              StatusIs(absl::StatusCode::kInvalidArgument));
  poll.mutable_poll();
  poll.set_round_id(std::string(16, 'x'));
  EXPECT_EQ(
      fleet.keeper().Step(fleet.device(0).record(), poll)->outcome().kind(),
      v1::RoundOutcome::UNKNOWN_ROUND);
  Drive(fleet);
  EXPECT_EQ(fleet.Explain(1).included(), 4U);
}

TEST(RoundKeeperTest, AWrongShapeUpdateIsRefusedAndTheSumStaysExact) {
  TestFleet fleet("shape");
  ASSERT_THAT(fleet.CreateTask(fleet.Request()), IsOk());
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(*fleet.Join(i));
  bool refused = false;
  for (int turn = 0; turn < 60; ++turn) {
    for (int i = 0; i < 4; ++i) {
      TestDevice& device = fleet.device(i);
      if (device.done()) continue;
      if (i == 0 && device.last().has_input() && !refused) {
        v1::StepRequest bad = device.last();
        bad.mutable_input()->mutable_elements()->append(400, '\1');
        EXPECT_THAT(fleet.keeper().Step(device.record(), bad),
                    StatusIs(absl::StatusCode::kInvalidArgument,
                             HasSubstr("elements of 24 bits left")));
        bad = device.last();
        bad.mutable_input()->set_vector("gradient");
        EXPECT_THAT(fleet.keeper().Step(device.record(), bad),
                    StatusIs(absl::StatusCode::kInvalidArgument,
                             HasSubstr("'gradient'")));
        refused = true;
      }
      ASSERT_THAT(device.Turn(fleet.keeper()), IsOk());
    }
    ASSERT_THAT(fleet.keeper().Tick(), IsOk());
  }
  EXPECT_TRUE(refused);
  EXPECT_EQ(fleet.Explain(1).update_sum(),
            AsText(PlainSum(fleet, {0, 1, 2, 3})));
}

TEST(RoundKeeperTest, ADeviceCannotSpeakForAnother) {
  TestFleet fleet("another");
  ASSERT_THAT(fleet.CreateTask(fleet.Request()), IsOk());
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(*fleet.Join(i));
  EXPECT_THAT(
      fleet.keeper().Step(fleet.device(1).record(), fleet.device(0).last()),
      StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST(RoundKeeperTest, ALateDeviceIsToldToWaitForTheNextRound) {
  TestFleet fleet("late", 5);
  ASSERT_THAT(fleet.CreateTask(fleet.Request()), IsOk());
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(*fleet.Join(i));
  Drive(fleet);
  EXPECT_EQ(fleet.device(4).outcome().kind(), v1::RoundOutcome::NOT_INCLUDED);
  EXPECT_EQ(fleet.Explain(1).dropped().at("advertise"), 1U);
}

TEST(RoundKeeperTest, OnlyTheRightDevicesAreAssigned) {
  TestFleet fleet("eligible");
  ASSERT_THAT(fleet.CreateTask(fleet.Request()), IsOk());
  v1::CheckInRequest request;
  request.add_models("m");
  request.set_examples(8);
  DeviceRecord device = fleet.device(0).record();
  EXPECT_TRUE(fleet.keeper().CheckIn(device, request)->has_value());
  device.population = "other";
  EXPECT_FALSE(fleet.keeper().CheckIn(device, request)->has_value());
  device.population = "test";
  request.set_examples(2);  // at most 3; the plan wants 4
  EXPECT_FALSE(fleet.keeper().CheckIn(device, request)->has_value());
  request.set_examples(4);
  request.set_models(0, "another");
  EXPECT_FALSE(fleet.keeper().CheckIn(device, request)->has_value());
}

TEST(RoundKeeperTest, ARoundWhoseDevicesAllRestGivesWayToTheNext) {
  TestFleet fleet("resting", 5);
  fleet.plan().mutable_participation()->set_min_separation_rounds(2);
  v1::CreateTaskRequest request = fleet.Request();
  request.set_rounds(2);
  ASSERT_THAT(fleet.CreateTask(request), IsOk());
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(*fleet.Join(i));
  Drive(fleet);
  EXPECT_EQ(fleet.Explain(1).state(), kCommitted);
  v1::CheckInRequest call;
  call.add_models("m");
  call.set_examples(8);
  const auto check_in = [&](int i) {
    return fleet.keeper().CheckIn(fleet.device(i).record(), call)->has_value();
  };
  // One that was not in round 1 and one that rests are no cohort of three, with
  // one that has nothing to train on either.
  const auto wait = [&] {
    fleet.clock().Advance(std::chrono::milliseconds(10'000));
    ASSERT_THAT(fleet.keeper().Tick(), IsOk());
  };
  fleet.device(4).Restart();
  ASSERT_TRUE(*fleet.Join(4));
  ASSERT_THAT(fleet.device(4).Turn(fleet.keeper()), IsOk());
  EXPECT_FALSE(check_in(0));
  call.set_examples(1);
  EXPECT_FALSE(check_in(1));
  wait();
  EXPECT_EQ(fleet.Explain(2).state(), "selecting");
  call.set_examples(8);
  EXPECT_FALSE(check_in(0));  // again: it is one device
  wait();
  EXPECT_EQ(fleet.Explain(2).state(), "selecting");
  EXPECT_FALSE(check_in(1));
  ASSERT_THAT(fleet.keeper().Tick(), IsOk());
  EXPECT_EQ(fleet.Explain(2).state(), kAbandoned);
  EXPECT_THAT(fleet.Explain(2).reason(), HasSubstr("1 devices came"));
  EXPECT_TRUE(check_in(0));
}

TEST(RoundKeeperTest, ATaskThatCannotWorkIsRefusedByField) {
  TestFleet fleet("refused");
  struct Case {
    const char* field;
    void (*change)(v1::CreateTaskRequest&);
  };
  for (const Case& c : {
           Case{"rounds", [](auto& r) { r.set_rounds(0); }},
           Case{"initial_weights",
                [](auto& r) { r.set_initial_weights("abc"); }},
           Case{"initial_weights",
                [](auto& r) { r.set_initial_weights("\xff\xff\xff\xff"); }},
           Case{"cohort_min", [](auto& r) { r.set_cohort_min(2); }},
           Case{"cohort_goal", [](auto& r) { r.set_cohort_goal(2); }},
           Case{"cohort_goal", [](auto& r) { r.set_cohort_goal(65536); }},
           Case{"server_momentum", [](auto& r) { r.set_server_momentum(1); }},
           Case{"plan_target", [](auto& r) { r.set_task("other"); }},
       }) {
    v1::CreateTaskRequest request = fleet.Request();
    c.change(request);
    EXPECT_THAT(
        fleet.CreateTask(request),
        StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(c.field)));
  }
  EXPECT_THAT(fleet.CreateTask(fleet.Request()), IsOk());
  EXPECT_THAT(fleet.CreateTask(fleet.Request()),
              StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST(RoundKeeperTest, ATaskWhoseCohortsFindNoGraphIsRefused) {
  TestFleet fleet("graphs");
  const auto check = [&](std::uint32_t least, std::uint32_t goal) {
    auto request = fleet.Request();
    request.set_cohort_min(least);
    request.set_cohort_goal(goal);
    return CheckTask(request, fleet.plan());
  };
  auto& secure = *fleet.plan().mutable_secure_aggregation();
  fleet.plan().mutable_encode()->set_bits(32);
  // With as few as three survivors no ring holds together.
  EXPECT_THAT(check(3, 2048), IsOk());
  EXPECT_THAT(check(3, 2049), StatusIs(absl::StatusCode::kInvalidArgument,
                                       HasSubstr("no ring of 2049 members")));
  secure.set_min_cohort(8000);
  secure.set_corrupted_fraction(0.05);
  secure.set_dropout_fraction(0.1);
  EXPECT_THAT(check(8000, 10000), IsOk());
  secure.set_corrupted_fraction(0.3);
  secure.set_dropout_fraction(0.3);
  EXPECT_THAT(check(20000, 30000), StatusIs(absl::StatusCode::kInvalidArgument,
                                            HasSubstr("are served")));
  secure.set_corrupted_fraction(0.6);
  EXPECT_THAT(check(8000, 10000), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(RoundKeeperTest, ContainersOfOldRoundsGoWithTheirKeys) {
  TestFleet fleet("retire");
  auto request = fleet.Request();
  request.set_rounds(3);
  ASSERT_THAT(fleet.CreateTask(request), IsOk());
  std::vector<Bytes> containers = {
      fleet.store().GetModel("train", 0)->container_digest};
  for (std::uint64_t round = 1; round <= 3; ++round) {
    for (int i = 0; i < 4; ++i) {
      fleet.device(i).Restart();
      ASSERT_TRUE(*fleet.Join(i));
    }
    Drive(fleet, {}, 20);
    ASSERT_EQ(fleet.Explain(round).state(), kCommitted);
    containers.push_back(
        fleet.store().GetModel("train", round)->container_digest);
  }
  // Devices may still fetch the last two.
  EXPECT_EQ(fleet.removed(),
            (std::vector<Bytes>{containers[0], containers[1]}));
  EXPECT_THAT(fleet.store().GetEscrow(containers[1]),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(fleet.store().GetEscrow(containers[2]), IsOk());
  EXPECT_THAT(fleet.store().GetEscrow(containers[3]), IsOk());
  for (std::uint64_t round = 0; round <= 3; ++round) {
    EXPECT_EQ(fleet.keeper().Export("train", round)->size(), kTestWeights * 4);
  }
}

TEST(RoundKeeperTest, AFullDiskDelaysACommitAndLosesNothing) {
  TestFleet fleet("full");
  ASSERT_THAT(fleet.CreateTask(fleet.Request()), IsOk());
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(*fleet.Join(i));
  fleet.set_disk_full(true);
  const int before = fleet.seals();
  absl::Status status;
  for (int turn = 0; turn < 100; ++turn) {  // 5 s
    for (int i = 0; i < 4; ++i) {
      if (!fleet.device(i).done()) {
        EXPECT_THAT(fleet.device(i).Turn(fleet.keeper()), IsOk());
      }
    }
    fleet.clock().Advance(std::chrono::milliseconds(50));
    status.Update(fleet.keeper().Tick());
  }
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted,
                               HasSubstr("task 'train'")));
  EXPECT_EQ(fleet.Explain(1).state(), kAggregating);
  EXPECT_GE(fleet.seals() - before, 2);
  EXPECT_LE(fleet.seals() - before, 6);  // not at every tick
  fleet.set_disk_full(false);
  Drive(fleet);
  EXPECT_EQ(fleet.Explain(1).state(), kCommitted);
  EXPECT_EQ(fleet.Explain(1).update_sum(),
            AsText(PlainSum(fleet, {0, 1, 2, 3})));
}

TEST(RoundKeeperTest, AStoppedTaskGivesNoWork) {
  TestFleet fleet("stopped");
  ASSERT_THAT(fleet.CreateTask(fleet.Request()), IsOk());
  ASSERT_TRUE(*fleet.Join(0));
  EXPECT_EQ(fleet.keeper().StopTask("train")->state(), "stopped");
  EXPECT_FALSE(*fleet.Join(1));
  ASSERT_THAT(fleet.device(0).Turn(fleet.keeper()), IsOk());
  EXPECT_EQ(fleet.device(0).outcome().kind(), v1::RoundOutcome::ABANDONED);
}

}  // namespace
}  // namespace sotto::server
