// Every order in which a lying coordinator can bring the clients of a small
// cohort on, restarts included: no state shows it both secrets of an honest
// client, two sums over different sets of one session, or two contributions of
// one client. SOTTO_MODEL_CHECK=large searches more.

#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "gtest/gtest.h"
#include "secure_agg/graph/threshold.h"
#include "secure_agg/test_client_model.h"

namespace sotto::secure_agg {
namespace {

using State = ClientModel::State;

// States as words, in a table of their own: millions of them fit.
class StateSet {
 public:
  // False when it was there.
  bool Insert(std::uint64_t state) {
    if ((count_ + 1) * 2 > slots_.size()) Grow();
    const bool added = Place(state + 1);
    count_ += added ? 1 : 0;
    return added;
  }

 private:
  bool Place(std::uint64_t key) {
    std::size_t at = key * 0x9e3779b97f4a7c15u >> shift_;
    while (slots_[at] != 0) {
      if (slots_[at] == key) return false;
      at = (at + 1) & (slots_.size() - 1);
    }
    slots_[at] = key;
    return true;
  }
  void Grow() {
    std::vector<std::uint64_t> old(slots_.size() * 2);
    old.swap(slots_);
    --shift_;
    for (const std::uint64_t key : old) {
      if (key != 0) Place(key);
    }
  }

  std::vector<std::uint64_t> slots_ = std::vector<std::uint64_t>(1 << 16);
  int shift_ = 64 - 16;
  std::size_t count_ = 0;
};

// Each record that occurs gets a number; a state is the numbers of its records.
class Packing {
 public:
  explicit Packing(const ClientModel& model) {
    for (std::uint32_t i = 0; i < model.honest(); ++i) {
      slots_.emplace_back(i, 0);
      if (i < model.config().restarting) slots_.emplace_back(i, 1);
    }
    bits_ = static_cast<int>(63 / slots_.size());
  }
  std::uint64_t Pack(const State& state) {
    std::uint64_t packed = 0;
    for (const auto& [member, start] : slots_) {
      const ClientRecord& r = state[member][start];
      const auto key = std::tuple(r.step, r.session, r.members, r.survivors);
      const auto [at, added] = numbers_.try_emplace(key, records_.size());
      if (added) records_.push_back(r);
      EXPECT_LT(at->second, std::uint64_t{1} << bits_);
      packed = packed << bits_ | at->second;
    }
    return packed;
  }
  State Unpack(std::uint64_t packed) const {
    State state = {};
    for (std::size_t i = slots_.size(); i-- > 0; packed >>= bits_) {
      const auto& [member, start] = slots_[i];
      state[member][start] = records_[packed & ((1ull << bits_) - 1)];
    }
    return state;
  }

 private:
  std::vector<std::pair<std::uint32_t, std::uint32_t>> slots_;
  int bits_ = 0;
  std::map<std::tuple<ClientRecord::Step, std::uint8_t, MemberSet, MemberSet>,
           std::uint64_t>
      numbers_;
  std::vector<ClientRecord> records_;
};

struct Found {
  std::size_t states = 0;
  std::size_t unmasked = 0;  // states in which somebody has unmasked
  std::string violation;     // the first
};

Found Search(const ModelConfig& config) {
  const ClientModel model(config);
  Packing packing(model);
  StateSet seen;
  std::vector<std::uint64_t> open = {packing.Pack(model.Start())};
  seen.Insert(open.front());
  Found found;
  while (!open.empty()) {
    const State state = packing.Unpack(open.back());
    open.pop_back();
    ++found.states;
    bool done = false;
    for (const auto& member : state) {
      for (const ClientRecord& r : member) {
        done = done || r.step == ClientRecord::Step::kDone;
      }
    }
    found.unmasked += done ? 1 : 0;
    if (const char* what = model.Violation(state)) {
      found.violation = what;
      return found;
    }
    model.ForEachNext(state, [&](const State& next) {
      const std::uint64_t packed = packing.Pack(next);
      if (seen.Insert(packed)) open.push_back(packed);
    });
  }
  return found;
}

ModelConfig Honest(std::uint32_t members, std::uint32_t corrupted,
                   std::uint32_t min_survivors) {
  // As clients compute it: floor(gamma n) is `corrupted`.
  const double gamma = (corrupted + 0.25) / members;
  return {.members = members,
          .corrupted = corrupted,
          .threshold = CompleteGraph(members, gamma).value().threshold,
          .min_survivors = min_survivors};
}

void ExpectSafe(ModelConfig config, const char* what) {
  const Found found = Search(config);
  EXPECT_EQ(found.violation, "") << what;
  EXPECT_GT(found.unmasked, 0u) << what;  // it can come to an end
  std::printf("%s: %zu states, in %zu of them somebody has unmasked\n", what,
              found.states, found.unmasked);
}

bool IsLarge() {
  const char* bound = std::getenv("SOTTO_MODEL_CHECK");
  return bound != nullptr && std::strcmp(bound, "large") == 0;
}

TEST(ModelCheckTest, ThreeClientsThatRestartAreSafe) {
  ModelConfig config = Honest(3, 0, 2);
  config.restarting = 3;
  ExpectSafe(config, "n = 3, each restarts");
  config.manifests = 2;
  ExpectSafe(config, "n = 3, two manifests, each restarts");
}

TEST(ModelCheckTest, FourClientsAreSafe) {
  ModelConfig config = Honest(4, 0, 3);
  ExpectSafe(config, "n = 4");
  config.restarting = 1;
  ExpectSafe(config, "n = 4, one restarts");
  config = Honest(4, 1, 3);
  config.manifests = 2;
  ExpectSafe(config, "n = 4, one corrupted, two manifests");
  config.restarting = 2;
  config.manifests = 1;
  ExpectSafe(config, "n = 4, one corrupted, two restart");
  config = Honest(4, 0, 3);
  config.manifests = 2;
  ExpectSafe(config, "n = 4, two manifests");
  config.manifests = 1;
  config.restarting = 2;
  ExpectSafe(config, "n = 4, two restart");
  if (!IsLarge()) return;
  config.restarting = 3;
  ExpectSafe(config, "n = 4, three restart");
}

TEST(ModelCheckTest, FiveClientsAreSafe) {
  ExpectSafe(Honest(5, 2, 3), "n = 5, two corrupted");
  ExpectSafe(Honest(5, 1, 3), "n = 5, one corrupted");
  ExpectSafe(Honest(5, 0, 3), "n = 5");
  ModelConfig config = Honest(5, 1, 3);
  config.restarting = 1;
  ExpectSafe(config, "n = 5, one corrupted, one restarts");
  if (!IsLarge()) return;
  config.restarting = 3;
  ExpectSafe(config, "n = 5, one corrupted, three restart");
  config = Honest(5, 0, 3);
  config.restarting = 1;
  ExpectSafe(config, "n = 5, one restarts");
}

// That the search finds what is there to be found.
TEST(ModelCheckTest, ASmallerThresholdShowsBothSecrets) {
  ModelConfig config = Honest(5, 1, 3);
  EXPECT_EQ(config.threshold, 3u);
  config.threshold = 2;
  EXPECT_NE(Search(config).violation, "");
}

TEST(ModelCheckTest, MoreCorruptedMembersThanAssumedShowBothSecrets) {
  ModelConfig config = Honest(5, 0, 3);
  config.corrupted = 3;
  EXPECT_EQ(Search(config).violation, "both secrets of an honest client");
}

TEST(ModelCheckTest, WithoutALogOfContributionsAClientContributesTwice) {
  ModelConfig config = Honest(3, 0, 3);
  config.restarting = 3;
  config.keeps_contributions = false;
  EXPECT_EQ(Search(config).violation, "two contributions of a client");
}

}  // namespace
}  // namespace sotto::secure_agg
