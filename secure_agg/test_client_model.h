// What clients decide in a session, as an automaton, and everything that a
// lying coordinator can do with several of them: for the searches of
// model_check_test.cc and ring_model_test.cc. That the automaton is
// ClientSession's is what model_agreement_test.cc checks.
//
// A client restarts with new keys, so a session is said by the start whose keys
// each honest member has in the roster, and by which of several manifests. The
// corrupted members, the last ones, sign and reveal anything.

#ifndef SOTTO_SECURE_AGG_TEST_CLIENT_MODEL_H_
#define SOTTO_SECURE_AGG_TEST_CLIENT_MODEL_H_

#include <array>
#include <bit>
#include <cstdint>
#include <vector>

namespace sotto::secure_agg {

using MemberSet = std::uint16_t;  // bit i: member i

struct ModelConfig {
  static constexpr std::uint32_t kMaxMembers = 10;

  std::uint32_t members = 3;
  std::uint32_t corrupted = 0;
  std::uint32_t threshold = 2;
  std::uint32_t min_survivors = 3;
  std::uint32_t restarting = 0;     // the first so many restart once
  std::uint32_t manifests = 1;      // for one roster
  bool keeps_contributions = true;  // in the decision log
  bool signs_members = true;        // U2: with its input, and with U3
  // The neighbours of each; nobody's: the graph is complete.
  std::array<MemberSet, kMaxMembers> near = {};
};

// What one start of a client did, so far.
struct ClientRecord {
  enum class Step : std::uint8_t {
    kAbsent,  // not started
    kKeysSent,
    kSharesSent,
    kInputSent,
    kSigned,
    kDone
  };
  Step step = Step::kAbsent;
  std::uint16_t session = 0;  // bit i: start of honest i; then the manifest
  MemberSet members = 0;      // U2
  MemberSet survivors = 0;    // U3

  bool operator==(const ClientRecord&) const = default;
};

class ClientModel {
 public:
  using Step = ClientRecord::Step;
  // By honest member and start.
  using State =
      std::array<std::array<ClientRecord, 2>, ModelConfig::kMaxMembers>;

  explicit ClientModel(const ModelConfig& config)
      : config_(config), is_complete_(config.near[0] == 0) {
    for (std::uint32_t i = 0; is_complete_ && i < config.members; ++i) {
      config_.near[i] = static_cast<MemberSet>(everybody() & ~(1u << i));
    }
  }

  // With the neighbours of everybody, on the complete graph too.
  const ModelConfig& config() const { return config_; }
  MemberSet everybody() const {
    return static_cast<MemberSet>((1u << config_.members) - 1);
  }
  bool AreNeighbours(std::uint32_t v, std::uint32_t w) const {
    return Has(config_.near[v], w);
  }
  std::uint32_t honest() const { return config_.members - config_.corrupted; }
  State Start() const {
    State state = {};
    for (std::uint32_t i = 0; i < honest(); ++i) {
      state[i][0].step = Step::kKeysSent;
    }
    return state;
  }
  static std::uint32_t StartOf(const State& state, std::uint32_t i) {
    return state[i][1].step == Step::kAbsent ? 0 : 1;
  }
  static std::uint32_t StartIn(std::uint32_t session, std::uint32_t i) {
    return session >> i & 1;
  }
  std::uint32_t sessions() const { return config_.manifests << honest(); }

  bool CanRestart(const State& state, std::uint32_t i) const {
    return i < config_.restarting && StartOf(state, i) == 0;
  }
  bool AcceptsRoster(const State& state, std::uint32_t i,
                     std::uint32_t session) const {
    if (Current(state, i).step != Step::kKeysSent) return false;
    if (StartIn(session, i) != StartOf(state, i)) return false;
    for (std::uint32_t j = 0; j < honest(); ++j) {
      if (StartIn(session, j) > StartOf(state, j)) return false;
    }
    return true;
  }
  bool AcceptsDelivery(const State& state, std::uint32_t i,
                       MemberSet members) const {
    const ClientRecord& own = Current(state, i);
    if (own.step != Step::kSharesSent || !IsLarge(i, members)) return false;
    for (std::uint32_t v = 0; v < honest(); ++v) {
      if (!AreNeighbours(i, v) || !Has(members, v)) continue;
      const ClientRecord& peer = state[v][StartIn(own.session, v)];
      if (peer.step < Step::kSharesSent || peer.session != own.session) {
        return false;
      }
    }
    return !config_.keeps_contributions || Contributions(state, i) == 0;
  }
  bool AcceptsSurvivors(const State& state, std::uint32_t i,
                        MemberSet survivors) const {
    const ClientRecord& own = Current(state, i);
    return own.step == Step::kInputSent && IsLarge(i, survivors) &&
           (survivors & ~own.members) == 0;
  }
  // With its input w has signed the U2 of `own`, in its session.
  bool HasSignedMembers(const State& state, std::uint32_t w,
                        const ClientRecord& own) const {
    if (w >= honest() || !config_.signs_members) return true;
    const ClientRecord& peer = state[w][StartIn(own.session, w)];
    return peer.step >= Step::kInputSent && peer.session == own.session &&
           peer.members == own.members;
  }
  // w has signed the U2 and U3 of `own`.
  bool HasSigned(const State& state, std::uint32_t w,
                 const ClientRecord& own) const {
    if (w >= honest()) return true;
    const ClientRecord& peer = state[w][StartIn(own.session, w)];
    return peer.step >= Step::kSigned && peer.session == own.session &&
           peer.survivors == own.survivors && HasSignedMembers(state, w, own);
  }
  // All signatures that there are come with the request.
  bool CanUnmask(const State& state, std::uint32_t i) const {
    const ClientRecord& own = Current(state, i);
    if (own.step != Step::kSigned) return false;
    std::uint32_t signers = 0;
    for (std::uint32_t w = 0; w < config_.members; ++w) {
      if (!AreNeighbours(i, w) || !Has(own.survivors, w)) continue;
      if (!HasSignedMembers(state, w, own)) return false;
      signers += HasSigned(state, w, own) ? 1 : 0;
    }
    return signers >= config_.threshold;
  }

  static const ClientRecord& Current(const State& state, std::uint32_t i) {
    return state[i][StartOf(state, i)];
  }
  static ClientRecord& Current(State& state, std::uint32_t i) {
    return state[i][StartOf(state, i)];
  }

  template <typename Visit>
  void ForEachNext(const State& state, const Visit& visit) const {
    for (std::uint32_t i = 0; i < honest(); ++i) {
      State next = state;
      if (CanRestart(state, i)) {
        next[i][1].step = Step::kKeysSent;
        visit(next);
        next = state;
      }
      ClientRecord& own = Current(next, i);
      const ClientRecord before = own;
      for (std::uint32_t s = 0; s < sessions(); ++s) {
        if (!AcceptsRoster(state, i, s)) continue;
        own = {.step = Step::kSharesSent,
               .session = static_cast<std::uint16_t>(s)};
        visit(next);
        own = before;
      }
      for (std::uint32_t set = 1; set <= everybody(); ++set) {
        const auto members = static_cast<MemberSet>(set);
        if (AcceptsDelivery(state, i, members)) {
          own.step = Step::kInputSent;
          own.members = members;
          visit(next);
          own = before;
        }
        if (AcceptsSurvivors(state, i, members)) {
          own.step = Step::kSigned;
          own.survivors = members;
          visit(next);
          own = before;
        }
      }
      if (CanUnmask(state, i)) {
        own.step = Step::kDone;
        visit(next);
      }
    }
  }

  // How many shares of an honest member's secrets a coordinator has: corrupted
  // holders reveal both kinds.
  struct Revealed {
    std::uint32_t self_mask = 0, mask_key = 0;
  };
  Revealed SharesOf(const State& state, std::uint32_t session,
                    std::uint32_t v) const {
    Revealed shares;
    for (std::uint32_t w = 0; w < config_.members; ++w) {
      if (!AreNeighbours(v, w)) continue;
      if (w >= honest()) {
        ++shares.self_mask;
        ++shares.mask_key;
        continue;
      }
      const ClientRecord& r = state[w][StartIn(session, w)];
      if (r.step != Step::kDone || r.session != session || !Has(r.members, v)) {
        continue;
      }
      ++(Has(r.survivors, v) ? shares.self_mask : shares.mask_key);
    }
    return shares;
  }

  // What must never be; null where all is well.
  const char* Violation(const State& state) const {
    for (std::uint32_t i = 0; i < honest(); ++i) {
      if (Contributions(state, i) > 1) return "two contributions of a client";
    }
    for (std::uint32_t s = 0; s < sessions(); ++s) {
      const ClientRecord* unmasked = nullptr;
      for (std::uint32_t w = 0; w < honest(); ++w) {
        const ClientRecord& r = state[w][StartIn(s, w)];
        if (r.step != Step::kDone || r.session != s) continue;
        if (is_complete_ && unmasked != nullptr) {
          if (unmasked->survivors != r.survivors) {
            return "two survivor sets unmasked in one session";
          }
          if (config_.signs_members && unmasked->members != r.members) {
            return "two sets of members unmasked in one session";
          }
        }
        unmasked = &r;
      }
      if (unmasked == nullptr) continue;
      for (std::uint32_t v = 0; v < honest(); ++v) {
        const Revealed shares = SharesOf(state, s, v);
        if (shares.self_mask >= config_.threshold &&
            shares.mask_key >= config_.threshold) {
          return "both secrets of an honest client";
        }
      }
    }
    return nullptr;
  }

  static bool Has(MemberSet set, std::uint32_t member) {
    return (set >> member & 1) != 0;
  }
  static std::uint32_t Count(MemberSet set) {
    return static_cast<std::uint32_t>(std::popcount(set));
  }

 private:
  bool IsLarge(std::uint32_t i, MemberSet set) const {
    const MemberSet near = set & config_.near[i];
    return Has(set, i) && Count(set) >= config_.min_survivors &&
           Count(near) >= config_.threshold;
  }
  std::uint32_t Contributions(const State& state, std::uint32_t i) const {
    return (state[i][0].step >= Step::kInputSent ? 1u : 0u) +
           (state[i][1].step >= Step::kInputSent ? 1u : 0u);
  }

  ModelConfig config_;
  bool is_complete_;
};

}  // namespace sotto::secure_agg

#endif  // SOTTO_SECURE_AGG_TEST_CLIENT_MODEL_H_
