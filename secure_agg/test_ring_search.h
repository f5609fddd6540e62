// What a lying coordinator can learn at most from a cohort on a small ring: all
// choices of the sets that it shows, by the reductions below.
//
// One session, no restarts: a client that is in another session, or has started
// again, is to this one a client that went no further. From there each step of
// a client only adds to what others may do and to what is known: shares that
// are sent can be left out, a masked input or a signature that nobody uses
// costs nothing. So all clients send their shares, contribute and sign some
// set, and all that then may unmask do. What is chosen is each client's U3, and
// its U2.
//
// Of U2 it matters to whom the same one is shown: each way to part the clients
// by that is tried. What has to be in it besides is all U3 of its part. Let C
// be a sum that has u. To have w in a U2 shows shares of w's mask key; so
// everybody is in it, but neighbours of those in C whose mask key does not
// become known even so, and who would have to be summed too. So C is the least
// set with u that holds, with v, all its neighbours outside R that are in a U3
// of its part; and R, whose mask keys become known, follows from C as C does
// from R: from the largest R and the least C on, until neither changes. C can
// be told when all its self masks are known.
//
// Without the rule that U2 is signed no parts are needed. U2 above U3 matters
// among a client's neighbours alone, and R is what becomes known if everybody's
// U2 is the whole cohort: w outside R is of use only where w has added the mask
// of the pair already. C is the least set with u that holds, with v, all its
// neighbours in U3 of v outside R. With the rule it is no smaller, for the same
// U3, and often as small already in one part: then the parts are not tried.

#ifndef SOTTO_SECURE_AGG_TEST_RING_SEARCH_H_
#define SOTTO_SECURE_AGG_TEST_RING_SEARCH_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "secure_agg/test_client_model.h"

namespace sotto::secure_agg {

// Neighbours are up to k / 2 places apart; the corrupted are at the places
// `corrupted`. Members are numbered by place, the honest before the corrupted.
inline ModelConfig RingOf(std::uint32_t n, std::uint32_t k,
                          MemberSet corrupted) {
  std::vector<std::uint32_t> places;
  for (const bool honest : {true, false}) {
    for (std::uint32_t p = 0; p < n; ++p) {
      if (ClientModel::Has(corrupted, p) != honest) places.push_back(p);
    }
  }
  ModelConfig config = {.members = n,
                        .corrupted = ClientModel::Count(corrupted)};
  for (std::uint32_t v = 0; v < n; ++v) {
    for (std::uint32_t w = 0; w < n; ++w) {
      const std::uint32_t ahead = (places[v] + n - places[w]) % n;
      const std::uint32_t apart = std::min(ahead, n - ahead);
      if (apart >= 1 && apart <= k / 2) {
        config.near[v] |= static_cast<MemberSet>(1u << w);
      }
    }
  }
  return config;
}

class RingSearch {
 public:
  using Sets = std::array<MemberSet, ModelConfig::kMaxMembers>;

  explicit RingSearch(const ModelConfig& config) : model_(config) {
    honest_ = static_cast<MemberSet>((1u << model_.honest()) - 1);
    together_.fill(honest_);
    const ClientModel::State state =
        Contributed([&](std::uint32_t) { return model_.everybody(); });
    for (std::uint32_t i = 0; i < model_.honest(); ++i) {
      for (std::uint32_t set = 1; set <= model_.everybody(); ++set) {
        const auto survivors = static_cast<MemberSet>(set);
        if (model_.AcceptsSurvivors(state, i, survivors)) {
          options_[i].push_back(survivors);
        }
      }
    }
  }

  // Each client is shown any U2 and U3.
  void EachItsOwn() {
    PartFrom(0, 0, model_.honest());
    ChooseFrom(0);
  }

  // Two U3 are shown, one of them to each client that is in it; to one that is
  // in neither, the whole cohort. And any two U2.
  void AnyTwo() {
    PartFrom(0, 0, 2);
    std::vector<MemberSet> all;
    for (std::uint32_t set = 1; set <= model_.everybody(); ++set) {
      const auto both = static_cast<MemberSet>(set);
      if (ClientModel::Count(both) >= model_.config().min_survivors) {
        all.push_back(both);
      }
    }
    for (const MemberSet first : all) {
      for (const MemberSet second : all) {
        if (second >= first) ChooseOf(first, second, 0);
      }
    }
  }

  // These U3 are shown, and any two U2.
  void These(const Sets& survivors) {
    PartFrom(0, 0, 2);
    shown_ = survivors;
    Look();
  }

  std::size_t choices() const { return choices_; }  // of U3
  std::size_t partings_tried() const { return partings_tried_; }
  bool both_secrets() const { return both_secrets_; }
  // The size of the least sum, 0: none can be told.
  std::uint32_t least() const {
    std::uint32_t least = 0;
    for (const std::uint32_t size : least_of_) {
      if (size != 0 && (least == 0 || size < least)) least = size;
    }
    return least;
  }
  // Of those that have member u.
  std::uint32_t LeastOf(std::uint32_t u) const { return least_of_[u]; }

  // The state of the least sum that was found first, brought about in the
  // automaton step by step; false where it refuses one.
  bool BringAbout(ClientModel::State& state) const {
    const auto members = [&](std::uint32_t v) { return found_members_[v]; };
    state = Contributed(members);
    for (std::uint32_t v = 0; v < model_.honest(); ++v) {
      if (!model_.AcceptsDelivery(Shared(), v, members(v)) ||
          !model_.AcceptsSurvivors(state, v, found_[v])) {
        return false;
      }
    }
    for (std::uint32_t v = 0; v < model_.honest(); ++v) {
      state[v][0].step = ClientRecord::Step::kSigned;
      state[v][0].survivors = found_[v];
    }
    const ClientModel::State all_signed = state;
    for (std::uint32_t v = 0; v < model_.honest(); ++v) {
      if (model_.CanUnmask(all_signed, v)) {
        state[v][0].step = ClientRecord::Step::kDone;
      }
    }
    return true;
  }
  MemberSet found_sum() const { return found_sum_; }
  const ClientModel& model() const { return model_; }

 private:
  ClientModel::State Shared() const {
    ClientModel::State state = model_.Start();
    for (std::uint32_t i = 0; i < model_.honest(); ++i) {
      state[i][0].step = ClientRecord::Step::kSharesSent;
    }
    return state;
  }
  template <typename Members>
  ClientModel::State Contributed(const Members& members) const {
    ClientModel::State state = Shared();
    for (std::uint32_t i = 0; i < model_.honest(); ++i) {
      state[i][0].step = ClientRecord::Step::kInputSent;
      state[i][0].members = members(i);
    }
    return state;
  }

  // All ways to part the honest members into two parts or more, `most` at most.
  void PartFrom(std::uint32_t i, std::uint32_t parts, std::uint32_t most) {
    if (i == 0) partings_.clear();
    if (i < model_.honest()) {
      for (part_[i] = 0; part_[i] <= parts && part_[i] < most; ++part_[i]) {
        PartFrom(i + 1, std::max(parts, part_[i] + 1), most);
      }
      return;
    }
    if (parts < 2 || !model_.config().signs_members) return;
    Sets& alike = partings_.emplace_back();
    for (std::uint32_t v = 0; v < i; ++v) {
      for (std::uint32_t w = 0; w < i; ++w) {
        alike[v] |= static_cast<MemberSet>((part_[v] == part_[w]) << w);
      }
    }
  }

  void ChooseFrom(std::uint32_t i) {
    if (i == model_.honest()) return Look();
    for (const MemberSet survivors : options_[i]) {
      shown_[i] = survivors;
      ChooseFrom(i + 1);
    }
  }
  void ChooseOf(MemberSet first, MemberSet second, std::uint32_t i) {
    if (i == model_.honest()) return Look();
    bool chosen = false;
    for (const MemberSet survivors : {first, second}) {
      if (!std::ranges::binary_search(options_[i], survivors) ||
          (chosen && survivors == first)) {
        continue;
      }
      chosen = true;
      shown_[i] = survivors;
      ChooseOf(first, second, i + 1);
    }
    if (chosen) return;
    shown_[i] = model_.everybody();
    ChooseOf(first, second, i + 1);
  }

  // Neighbours of v of whom a share of one of v's secrets is had.
  bool IsKnown(std::uint32_t v, MemberSet holders) const {
    return ClientModel::Count(holders & model_.config().near[v]) >=
           model_.config().threshold;
  }

  // Who unmasks, where those `alike` each are shown its U2.
  MemberSet Done(const Sets& alike) const {
    const bool signs_members = model_.config().signs_members;
    MemberSet done = 0;
    for (std::uint32_t i = 0; i < model_.honest(); ++i) {
      const MemberSet near = shown_[i] & model_.config().near[i];
      if (signs_members && (near & honest_ & ~alike[i]) != 0) continue;
      MemberSet signers = corrupted();
      for (std::uint32_t w = 0; w < model_.honest(); ++w) {
        signers |= static_cast<MemberSet>((shown_[w] == shown_[i]) << w);
      }
      if (IsKnown(i, signers & near)) done |= static_cast<MemberSet>(1u << i);
    }
    return done;
  }
  MemberSet SelfMasks(MemberSet done) const {
    MemberSet known = 0;
    for (std::uint32_t v = 0; v < model_.honest(); ++v) {
      const MemberSet holders = corrupted() | (done & Holding(shown_, v));
      known |= static_cast<MemberSet>(IsKnown(v, holders) << v);
    }
    return known;
  }
  MemberSet MaskKeys(MemberSet done, const Sets& members) const {
    MemberSet known = 0;
    for (std::uint32_t v = 0; v < model_.honest(); ++v) {
      const MemberSet gone = Holding(members, v) & ~Holding(shown_, v);
      known |=
          static_cast<MemberSet>(IsKnown(v, corrupted() | (done & gone)) << v);
    }
    return known;
  }
  // The honest whose set holds v.
  MemberSet Holding(const Sets& sets, std::uint32_t v) const {
    MemberSet found = 0;
    for (std::uint32_t w = 0; w < model_.honest(); ++w) {
      found |= static_cast<MemberSet>((sets[w] >> v & 1) << w);
    }
    return found;
  }
  MemberSet corrupted() const {
    return static_cast<MemberSet>(model_.everybody() & ~honest_);
  }

  void Look() {
    ++choices_;
    const MemberSet done = Done(together_);
    if (done == 0) return;
    Sets members;
    members.fill(model_.everybody());
    const MemberSet self_masks = SelfMasks(done);
    const MemberSet mask_keys = MaskKeys(done, members);
    both_secrets_ = both_secrets_ || (self_masks & mask_keys) != 0;
    MemberSet open = 0;
    for (std::uint32_t u = 0; u < model_.honest(); ++u) {
      const auto own = static_cast<MemberSet>(1u << u);
      const MemberSet sum = SumWith(own, shown_, honest_ & ~mask_keys);
      if ((sum & ~self_masks) != 0 || !IsLess(u, sum)) continue;
      if (model_.config().signs_members) {
        open |= own;
        continue;
      }
      Sets without = members;
      for (std::uint32_t v = 0; v < model_.honest(); ++v) {
        if (!ClientModel::Has(sum, v)) continue;
        without[v] &= static_cast<MemberSet>(
            ~(model_.config().near[v] & ~(mask_keys | sum | shown_[v])));
      }
      Keep(u, sum, without);
    }
    if (open == 0) return;
    LookWhere(together_, open);
    for (const Sets& alike : partings_) LookWhere(alike, open);
  }

  void LookWhere(const Sets& alike, MemberSet open) {
    ++partings_tried_;
    const MemberSet done = Done(alike);
    const MemberSet self_masks = SelfMasks(done);
    Sets within = {};  // any U3 of the part
    for (std::uint32_t v = 0; v < model_.honest(); ++v) {
      for (std::uint32_t w = 0; w < model_.honest(); ++w) {
        if (ClientModel::Has(alike[v], w)) within[v] |= shown_[w];
      }
    }
    for (std::uint32_t u = 0; u < model_.honest(); ++u) {
      if (!ClientModel::Has(open & self_masks, u)) continue;
      Sets members, before = {};
      members.fill(model_.everybody());
      auto sum = static_cast<MemberSet>(1u << u);
      while (members != before) {
        before = members;
        const auto hidden =
            static_cast<MemberSet>(honest_ & ~MaskKeys(done, members));
        sum = SumWith(sum, within, hidden);
        for (std::uint32_t v = 0; v < model_.honest(); ++v) {
          members[v] = static_cast<MemberSet>(
              model_.everybody() &
              ~(NearAnyOf(alike[v] & sum) & hidden & ~within[v]));
        }
      }
      if ((sum & ~self_masks) != 0 || !IsLess(u, sum)) continue;
      for (MemberSet& set : members) set |= sum;
      Keep(u, sum, members);
    }
  }
  MemberSet NearAnyOf(MemberSet some) const {
    MemberSet near = 0;
    for (std::uint32_t v = 0; v < model_.honest(); ++v) {
      if (ClientModel::Has(some, v)) near |= model_.config().near[v];
    }
    return near;
  }
  // Of all that `some` must be summed with.
  MemberSet SumWith(MemberSet some, const Sets& sets, MemberSet hidden) const {
    MemberSet sum = some, before = 0;
    while (sum != before) {
      before = sum;
      for (std::uint32_t v = 0; v < model_.honest(); ++v) {
        if (!ClientModel::Has(before, v)) continue;
        sum |= sets[v] & model_.config().near[v] & hidden;
      }
    }
    return sum;
  }

  bool IsLess(std::uint32_t u, MemberSet sum) const {
    return least_of_[u] == 0 || ClientModel::Count(sum) < least_of_[u];
  }
  void Keep(std::uint32_t u, MemberSet sum, const Sets& members) {
    const std::uint32_t size = ClientModel::Count(sum);
    if (least() == 0 || size < least()) {
      found_ = shown_;
      found_members_ = members;
      found_sum_ = sum;
    }
    least_of_[u] = size;
  }

  ClientModel model_;
  MemberSet honest_ = 0;
  Sets together_ = {};  // with whom each is where all are in one part
  std::vector<Sets> partings_;
  std::array<std::uint32_t, ModelConfig::kMaxMembers> part_ = {};
  std::array<std::vector<MemberSet>, ModelConfig::kMaxMembers> options_;
  Sets shown_ = {};
  std::size_t choices_ = 0, partings_tried_ = 0;
  bool both_secrets_ = false;
  std::array<std::uint32_t, ModelConfig::kMaxMembers> least_of_ = {};
  Sets found_ = {}, found_members_ = {};
  MemberSet found_sum_ = 0;
};

}  // namespace sotto::secure_agg

#endif  // SOTTO_SECURE_AGG_TEST_RING_SEARCH_H_
