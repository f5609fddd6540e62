// What a lying coordinator learns of honest members' inputs in a state of
// test_client_model.h: linear algebra over masked inputs whose masks it knows,
// or that cancel.

#ifndef SOTTO_SECURE_AGG_TEST_LEARNED_SUMS_H_
#define SOTTO_SECURE_AGG_TEST_LEARNED_SUMS_H_

#include <array>
#include <cstdint>
#include <vector>

#include "secure_agg/test_client_model.h"

namespace sotto::secure_agg {

// Of one session.
class LearnedSums {
 public:
  LearnedSums(const ClientModel& model, const ClientModel::State& state,
              std::uint32_t session)
      : model_(model) {
    for (std::uint32_t v = 0; v < model.honest(); ++v) {
      const auto shares = model.SharesOf(state, session, v);
      const std::uint32_t t = model.config().threshold;
      if (shares.self_mask >= t) self_masks_ |= Bit(v);
      if (shares.mask_key >= t) mask_keys_ |= Bit(v);
      const ClientRecord& r = state[v][ClientModel::StartIn(session, v)];
      if (r.step < ClientRecord::Step::kInputSent || r.session != session) {
        continue;
      }
      sent_ |= Bit(v);
      masked_with_[v] = r.members & model.config().near[v];
    }
  }

  MemberSet self_masks() const { return self_masks_; }  // whose b is known
  MemberSet mask_keys() const { return mask_keys_; }    // whose s_sk is known

  // Honest members connected to `u` by pairs whose seeds stay unknown and that
  // at least one of the two added. Not all of them are summed with it.
  MemberSet ConnectedTo(std::uint32_t u) const {
    return Closure(u, [&](std::uint32_t v, std::uint32_t w) {
      return Added(v, w) || Added(w, v);
    });
  }

  // All sums of inputs that can be told, each by its members; they are
  // disjoint. The coordinator weighs the masked inputs it has. A seed that
  // stays unknown must cancel: two that both added it get one weight, and one
  // who added it alone gets none; nor does one whose b is unknown. So the
  // weights are equal in each part that such pairs join, and zero where one of
  // the part is zero.
  std::vector<MemberSet> All() const {
    std::vector<MemberSet> sums;
    MemberSet seen = 0;
    for (std::uint32_t u = 0; u < model_.honest(); ++u) {
      if (ClientModel::Has(seen, u)) continue;
      const MemberSet part = Closure(u, [&](std::uint32_t v, std::uint32_t w) {
        return Added(v, w) && Added(w, v);
      });
      seen |= part;
      if (IsClean(part)) sums.push_back(part);
    }
    return sums;
  }

 private:
  static MemberSet Bit(std::uint32_t v) {
    return static_cast<MemberSet>(1u << v);
  }
  // v's masked input has the mask of {v, w}, which is not known.
  bool Added(std::uint32_t v, std::uint32_t w) const {
    return w < model_.honest() && ClientModel::Has(masked_with_[v], w) &&
           (mask_keys_ & (Bit(v) | Bit(w))) == 0;
  }
  bool IsClean(MemberSet part) const {
    if ((part & ~(sent_ & self_masks_)) != 0) return false;
    for (std::uint32_t v = 0; v < model_.honest(); ++v) {
      if (!ClientModel::Has(part, v)) continue;
      for (std::uint32_t w = 0; w < model_.honest(); ++w) {
        if (Added(v, w) && !Added(w, v)) return false;
      }
    }
    return true;
  }
  template <typename Join>
  MemberSet Closure(std::uint32_t u, const Join& join) const {
    MemberSet part = Bit(u), before = 0;
    while (part != before) {
      before = part;
      for (std::uint32_t v = 0; v < model_.honest(); ++v) {
        for (std::uint32_t w = 0; w < model_.honest(); ++w) {
          if (ClientModel::Has(before, v) && join(v, w)) part |= Bit(w);
        }
      }
    }
    return part;
  }

  const ClientModel& model_;
  MemberSet self_masks_ = 0, mask_keys_ = 0, sent_ = 0;
  std::array<MemberSet, ModelConfig::kMaxMembers> masked_with_ = {};
};

}  // namespace sotto::secure_agg

#endif  // SOTTO_SECURE_AGG_TEST_LEARNED_SUMS_H_
