// Visits every state that the automaton of test_client_model.h can come to.

#ifndef SOTTO_SECURE_AGG_TEST_MODEL_SEARCH_H_
#define SOTTO_SECURE_AGG_TEST_MODEL_SEARCH_H_

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "secure_agg/test_client_model.h"

namespace sotto::secure_agg {

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
  using State = ClientModel::State;

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
  std::map<std::tuple<ClientRecord::Step, std::uint16_t, MemberSet, MemberSet>,
           std::uint64_t>
      numbers_;
  std::vector<ClientRecord> records_;
};

struct Found {
  std::size_t states = 0;
  std::size_t unmasked = 0;  // states in which somebody has unmasked
  std::string violation;     // the first, which ends the search
};

// `check(model, state)` looks at the states in which somebody has unmasked;
// what it returns, unless it is null, is a violation too.
template <typename Check>
Found SearchAll(const ModelConfig& config, const Check& check) {
  const ClientModel model(config);
  Packing packing(model);
  StateSet seen;
  std::vector<std::uint64_t> open = {packing.Pack(model.Start())};
  seen.Insert(open.front());
  Found found;
  while (!open.empty()) {
    const ClientModel::State state = packing.Unpack(open.back());
    open.pop_back();
    ++found.states;
    bool done = false;
    for (const auto& member : state) {
      for (const ClientRecord& r : member) {
        done = done || r.step == ClientRecord::Step::kDone;
      }
    }
    found.unmasked += done ? 1 : 0;
    const char* what = model.Violation(state);
    if (what == nullptr && done) what = check(model, state);
    if (what != nullptr) {
      found.violation = what;
      return found;
    }
    model.ForEachNext(state, [&](const ClientModel::State& next) {
      const std::uint64_t packed = packing.Pack(next);
      if (seen.Insert(packed)) open.push_back(packed);
    });
  }
  return found;
}

}  // namespace sotto::secure_agg

#endif  // SOTTO_SECURE_AGG_TEST_MODEL_SEARCH_H_
