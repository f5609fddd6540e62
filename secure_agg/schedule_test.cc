// Random schedules: whatever is lost, late, repeated or out of order, whoever
// falls silent or starts again, the server included, the result is the exact
// sum over at least n_min devices, or there is none. SOTTO_SCHEDULES=5000 tries
// that many seeds.

#include <array>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/cohort.h"
#include "tests/support/sanitizer.h"
#include "tests/support/status_matchers.h"

namespace sotto::secure_agg {
namespace {

using State = ClientSession::State;

struct Counts {
  int finished = 0, failed = 0, dropouts = 0;
  int server_restarts = 0, client_restarts = 0;
  int delivered = 0, lost = 0, repeated = 0, late = 0;
  std::array<int, 7> failed_in = {};  // by phase
};

class Schedule {
 public:
  Schedule(int seed, const Cohort::Options& options, Counts& counts)
      : rng_(AsBytes("schedule" + std::to_string(seed))),
        counts_(counts),
        cohort_(options),
        devices_(options.size),
        loss_percent_(Below(25)),
        silence_permille_(Below(2) == 0 ? 0 : Below(30)),
        restart_permille_(Below(2) == 0 ? 0 : Below(20)),
        patience_(options.size * (10 + Below(90))) {}

  void Run() {
    Phase phase = cohort_.server().phase();
    std::uint32_t waited = 0;
    while (phase != Phase::kFinished && phase != Phase::kFailed) {
      const std::uint32_t what = Below(100);
      if (what < 50) {
        Act(Below(cohort_.size()));
      } else if (what < 95) {
        Deliver();
      } else if (Below(8) == 0) {
        RestartServer();
      }
      const ServerSession& server = cohort_.server();
      const bool all = server.arrived() == server.expected();
      if ((all && Below(4) == 0) || ++waited > patience_) {
        const absl::Status closed = cohort_.server().Close();
        waited = 0;
        if (closed.ok()) {
          phase = cohort_.server().phase();
          continue;
        }
        ASSERT_THAT(closed, StatusIs(absl::StatusCode::kAborted));
        ++counts_.failed_in[static_cast<std::size_t>(phase)];
        phase = cohort_.server().phase();
      }
    }
  }

  // What is still under way changes nothing any more.
  void ExpectExactOrNone(std::uint32_t min_cohort) {
    const auto result = cohort_.server().Result();
    while (!queue_.empty()) Deliver();
    if (cohort_.server().phase() == Phase::kFailed) {
      EXPECT_THAT(cohort_.server().Result(),
                  StatusIs(absl::StatusCode::kFailedPrecondition));
      ++counts_.failed;
      return;
    }
    ASSERT_THAT(result, IsOk());
    EXPECT_GE(result->included.size(), min_cohort);
    EXPECT_EQ(result->sums, cohort_.SumOf(result->included));
    EXPECT_EQ(cohort_.server().Result()->sums, result->sums);
    EXPECT_TRUE(cohort_.server().suspects().empty());
    for (std::uint32_t i = 0; i < cohort_.size(); ++i) {
      const bool included =
          std::ranges::count(result->included, cohort_.id(i)) != 0;
      EXPECT_TRUE(!included || devices_[i].contributed) << i;
    }
    ++counts_.finished;
  }

 private:
  struct Device {
    bool silent = false, contributed = false;
    std::function<absl::Status()> last;  // to send again
    std::optional<MaskedInput> input;
    InputProgress want;
    int starts = 1;
  };

  std::uint32_t Below(std::uint64_t n) {
    return static_cast<std::uint32_t>(crypto::UniformBelow(rng_, n));
  }

  void Act(std::uint32_t i) {
    Device& device = devices_[i];
    if (device.silent) return;
    if (Below(1000) < silence_permille_) {
      device.silent = true;
      ++counts_.dropouts;
      return;
    }
    if (Below(1000) < restart_permille_) {
      // The decision log stays; the keys are gone.
      cohort_.ReplaceClient(i);
      device.last = nullptr;
      device.input.reset();
      ++device.starts;
      ++counts_.client_restarts;
      return;
    }
    if (!StepOn(i) && device.last && Below(3) == 0) Send(device.last);
  }

  // Whether the server had something new for the client.
  bool StepOn(std::uint32_t i) {
    ClientSession& client = cohort_.client(i);
    ServerSession& server = cohort_.server();
    const crypto::DeviceId id = cohort_.id(i);
    switch (client.state()) {
      case State::kCreated: {
        if (server.phase() != Phase::kAdvertise) return false;
        const auto message = client.Advertise();
        Queue(i, [this, m = *message] {
          return cohort_.server().ReceiveAdvertisement(m, cohort_.now());
        });
        return true;
      }
      case State::kKeysSent: {
        const auto roster = server.RosterFor(id);
        if (!roster.ok()) return false;
        const auto message = client.ShareKeys(*roster);
        if (!Went(i, message.status())) return true;
        Queue(i, [this, id, m = *message] {
          return cohort_.server().ReceiveShares(id, m);
        });
        return true;
      }
      case State::kSharesSent: {
        const auto delivery = server.DeliveryFor(id);
        if (!delivery.ok()) return false;
        auto message = client.MaskInput(*delivery, cohort_.input(i));
        if (!Went(i, message.status())) return true;
        devices_[i].input = *std::move(message);
        devices_[i].want = {};
        devices_[i].contributed = true;
        devices_[i].last = nullptr;
        return true;
      }
      case State::kInputSent: {
        const auto survivors = server.SurvivorsFor(id);
        if (!survivors.ok()) return SendChunk(i);
        const auto message = client.SignSurvivors(*survivors);
        if (!Went(i, message.status())) return true;
        Queue(i, [this, id, m = *message] {
          return cohort_.server().ReceiveSurvivorSignature(id, m);
        });
        return true;
      }
      case State::kSurvivorsSigned: {
        const auto request = server.UnmaskRequestFor(id);
        if (!request.ok()) return false;
        const auto message = client.Unmask(*request);
        if (!Went(i, message.status())) return true;
        Queue(i, [this, id, m = *message] {
          return cohort_.server().ReceiveUnmaskShares(id, m);
        });
        return true;
      }
      case State::kDone:
      case State::kAborted:
        return false;
    }
    return false;
  }

  // The chunk that the server said it wants; its answer may be lost too.
  bool SendChunk(std::uint32_t i) {
    Device& device = devices_[i];
    if (device.want.complete || Below(2) == 0) return false;
    const auto chunk =
        device.input->ChunkAt(device.want.vector, device.want.next_offset);
    Send([this, i, m = chunk.value()] {
      const auto progress = cohort_.server().ReceiveInput(cohort_.id(i), m);
      if (progress.ok() && Below(100) >= loss_percent_) {
        devices_[i].want = *progress;
      }
      return progress.status();
    });
    return true;
  }

  // An honest server gives a client no cause to leave, but for a device that
  // started again while an advertisement of its former keys was under way.
  bool Went(std::uint32_t i, const absl::Status& status) {
    if (!status.ok()) {
      EXPECT_GT(devices_[i].starts, 1) << status;
      EXPECT_TRUE(absl::IsPermissionDenied(status)) << status;
    }
    return status.ok();
  }

  void Queue(std::uint32_t i, std::function<absl::Status()> message) {
    devices_[i].last = message;
    Send(std::move(message));
  }
  void Send(std::function<absl::Status()> message) {
    queue_.push_back(std::move(message));
  }

  // Any of those under way: so they overtake each other.
  void Deliver() {
    if (queue_.empty()) return;
    std::swap(queue_[Below(queue_.size())], queue_.back());
    const auto message = queue_.back();
    if (Below(10) == 0 && queue_.size() < 1000 &&
        cohort_.server().phase() < Phase::kFinished) {
      ++counts_.repeated;  // stays in the queue
    } else {
      queue_.pop_back();
    }
    if (Below(100) < loss_percent_) {
      ++counts_.lost;
      return;
    }
    ++counts_.delivered;
    const absl::Status status = message();
    if (status.ok()) return;
    ++counts_.late;
    // In phases that are over, or not for those who are out.
    EXPECT_TRUE(absl::IsFailedPrecondition(status) || absl::IsNotFound(status))
        << status;
  }

  void RestartServer() {
    const Bytes snapshot = cohort_.server().Snapshot();
    auto restored = ServerSession::Restore(snapshot, cohort_.coordinator());
    ASSERT_THAT(restored, IsOk());
    EXPECT_EQ((*restored)->Snapshot(), snapshot);
    cohort_.ReplaceServer(*std::move(restored));
    ++counts_.server_restarts;
  }

  crypto::SeededRng rng_;
  Counts& counts_;
  Cohort cohort_;
  std::vector<Device> devices_;
  std::vector<std::function<absl::Status()>> queue_;
  std::uint32_t loss_percent_, silence_permille_, restart_permille_, patience_;
};

// Rings, for every 16th seed, are of 51 to 66 members; `seed` fixes all.
Cohort::Options OptionsFor(int seed) {
  crypto::SeededRng rng(AsBytes("options" + std::to_string(seed)));
  const auto below = [&](std::uint64_t n) {
    return static_cast<std::uint32_t>(crypto::UniformBelow(rng, n));
  };
  if (seed % 16 == 15) {
    const std::uint32_t n = 51 + below(16);
    return {.size = n,
            .min_cohort = n * 6 / 10,
            .corrupted_fraction = 0.05,
            .dropout_fraction = 0.1,
            .complete_up_to = 50,
            .security_bits = 8,
            .correctness_bits = 8,
            .length = 1 + below(20),
            .bits = 10 + below(23),
            .seed = std::to_string(seed)};
  }
  const std::uint32_t n = 3 + below(8);
  return {.size = n,
          .min_cohort = 3 + below(n / 3),
          .corrupted_fraction = below(2) == 0 ? 0.0 : 0.1,
          .length = 1 + below(40),
          .bits = 8 + below(25),
          .seed = std::to_string(seed)};
}

TEST(ScheduleTest, EverySeedGivesTheExactSumOrNone) {
  const char* wanted = std::getenv("SOTTO_SCHEDULES");
  const int seeds = wanted != nullptr      ? std::atoi(wanted)
                    : SOTTO_SANITIZED != 0 ? 16
                                           : 64;
  Counts c;
  for (int seed = 0; seed < seeds && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Cohort::Options options = OptionsFor(seed);
    Schedule schedule(seed, options, c);
    schedule.Run();
    schedule.ExpectExactOrNone(options.min_cohort);
  }
  std::printf(
      "%d schedules: %d exact sums, %d without result (by phase %d %d %d %d "
      "%d)\n%d messages arrived, %d were lost, %d repeated, %d came late; %d "
      "dropouts, %d restarts of clients, %d of the server\n",
      seeds, c.finished, c.failed, c.failed_in[0], c.failed_in[1],
      c.failed_in[2], c.failed_in[3], c.failed_in[4], c.delivered, c.lost,
      c.repeated, c.late, c.dropouts, c.client_restarts, c.server_restarts);
  EXPECT_GT(c.finished, seeds / 4);
  EXPECT_GT(c.failed, seeds / 20);
  EXPECT_GT(c.server_restarts, seeds / 2);
  EXPECT_GT(c.client_restarts, seeds / 10);
}

}  // namespace
}  // namespace sotto::secure_agg
