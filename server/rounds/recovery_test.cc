// The coordinator dies around each journal write of a round; the round ends
// with the same model, and every device counts once.

#include <cstring>

#include "base/status.h"
#include "gmock/gmock.h"
#include "server/rounds/round_state.h"
#include "server/rounds/test_fleet.h"
#include "tests/support/status_matchers.h"

namespace sotto::server {
namespace {

// Makes the k-th insertion into the journal fail, so that the transaction rolls
// back: what is on disk is what a kill just before the write leaves, which is
// also what one just after the write before it leaves.
class FailingWrite {
 public:
  FailingWrite(const std::string& path, int k)
      : database_(Database::Open(path).value()) {
    EXPECT_THAT(
        database_.Execute(absl::StrFormat(
            "CREATE TRIGGER crash AFTER INSERT ON journal WHEN NEW.seq = %d "
            "BEGIN SELECT RAISE(ABORT, 'simulated crash'); END",
            k)),
        IsOk());
  }
  ~FailingWrite() {
    EXPECT_THAT(database_.Execute("DROP TRIGGER crash"), IsOk());
  }

 private:
  Database database_;
};

struct RunResult {
  v1::RoundStatus round;
  bool crashed = false;
};

RunResult RunRound(int crash_at) {
  TestFleet fleet("recovery");
  auto request = fleet.Request();
  request.set_cohort_min(4);
  request.set_selection_timeout_ms(1000000);
  request.set_step_timeout_ms(1000000);
  EXPECT_THAT(fleet.CreateTask(request), IsOk());
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(*fleet.Join(i));
  RunResult result;
  auto failing = std::make_unique<FailingWrite>(fleet.path(), crash_at);
  for (int turn = 0; turn < 60; ++turn) {
    for (int i = 0; i < 4; ++i) {
      if (fleet.device(i).done()) continue;
      const absl::Status status = fleet.device(i).Turn(fleet.keeper());
      if (status.ok()) continue;
      EXPECT_THAT(std::string(status.message()),
                  ::testing::HasSubstr("simulated crash"));
      result.crashed = true;
      failing.reset();
      fleet.Reopen();
    }
  }
  result.round = fleet.Explain(1);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(fleet.device(i).outcome().kind(), v1::RoundOutcome::COMMITTED)
        << "crash at " << crash_at << ": "
        << fleet.device(i).outcome().reason();
    EXPECT_EQ(fleet.store().Participation("train", fleet.device(i).id())->count,
              1U);
  }
  return result;
}

TEST(RecoveryTest, ACrashAtAnyJournalWriteLeadsToTheSameModel) {
  const RunResult undisturbed = RunRound(1000000);
  ASSERT_FALSE(undisturbed.crashed);
  ASSERT_EQ(undisturbed.round.state(), kCommitted);
  int writes = 1;  // the first is that of the round's opening, before devices
  while (true) {
    const RunResult crashed = RunRound(writes + 1);
    if (!crashed.crashed) break;
    ++writes;
    SCOPED_TRACE(writes);
    EXPECT_EQ(crashed.round.state(), kCommitted);
    EXPECT_EQ(crashed.round.included(), 4U);
    EXPECT_EQ(crashed.round.model_hash(), undisturbed.round.model_hash());
    EXPECT_EQ(crashed.round.update_sum(), undisturbed.round.update_sum());
  }
  // open, 5 messages of each device, 4 phases, the commit
  EXPECT_EQ(writes, 1 + 4 * 5 + 4 + 1);
}

TEST(RecoveryTest, ARestartAfterEveryTurnChangesNothing) {
  const RunResult undisturbed = RunRound(1000000);
  TestFleet fleet("restarts");
  ASSERT_THAT(fleet.CreateTask(fleet.Request()), IsOk());
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(*fleet.Join(i));
  for (int turn = 0; turn < 60; ++turn) {
    for (int i = 0; i < 4; ++i) {
      if (fleet.device(i).done()) continue;
      ASSERT_THAT(fleet.device(i).Turn(fleet.keeper()), IsOk());
      fleet.Reopen();  // between two chunks of an input too
    }
  }
  EXPECT_EQ(fleet.Explain(1).state(), kCommitted);
  EXPECT_EQ(fleet.Explain(1).model_hash(), undisturbed.round.model_hash());
}

TEST(RecoveryTest, TheJournalNeverHoldsAMaskedInput) {
  TestFleet fleet("secret");
  ASSERT_THAT(fleet.CreateTask(fleet.Request()), IsOk());
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(*fleet.Join(i));
  int seen = 0;
  for (int turn = 0; turn < 60; ++turn) {
    for (int i = 0; i < 4; ++i) {
      if (fleet.device(i).done()) continue;
      const v1::StepRequest sent = fleet.device(i).last();
      ASSERT_THAT(fleet.device(i).Turn(fleet.keeper()), IsOk());
      if (!sent.has_input()) continue;
      ++seen;
      // The first device's input alone is the accumulator; from the second on
      // no single input may be found.
      const auto arrived =
          fleet.store().Participation("train", fleet.device(0).id());
      if (i == 0 || arrived->count == 0) continue;
      const std::string elements = sent.input().elements();
      const auto journal =
          fleet.store().ReadJournal(AsBytes(sent.round_id())).value();
      for (const JournalEntry& entry : journal) {
        EXPECT_EQ(AsText(entry.body).find(elements), std::string_view::npos);
      }
    }
  }
  EXPECT_GT(seen, 4);
  const auto round = fleet.store().GetRound("train", 1);
  const auto journal = fleet.store().ReadJournal(round->round_id).value();
  for (const JournalEntry& entry : journal) {
    EXPECT_EQ(entry.kind, "state") << "an ended round keeps no messages";
  }
}

}  // namespace
}  // namespace sotto::server
