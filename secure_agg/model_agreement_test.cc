// Real clients take and refuse what the automaton of test_client_model.h does,
// on random traces of a lying coordinator with some corrupted members; and what
// they reveal is what it says.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "gtest/gtest.h"
#include "secure_agg/graph/threshold.h"
#include "secure_agg/signed_bytes.h"
#include "secure_agg/test_client_model.h"
#include "tests/support/cohort.h"
#include "tests/support/status_matchers.h"

namespace sotto::secure_agg {
namespace {

using Step = ClientRecord::Step;

// A coordinator without scruples, and the clients that it lies to.
class Trace {
 public:
  Trace(const ModelConfig& config, int seed)
      : config_(config),
        model_(config),
        state_(model_.Start()),
        gamma_((config.corrupted + 0.25) / config.members),
        rng_(AsBytes("trace" + std::to_string(seed))),
        issuer_(crypto::SigningKey::Generate(rng_)),
        coordinator_(crypto::SigningKey::Generate(rng_)) {
    // Roster order is by device id, and the model's corrupted ones are last.
    std::map<crypto::DeviceId, crypto::SigningKey> sorted;
    while (sorted.size() < config.members) {
      auto key = crypto::SigningKey::Generate(rng_);
      const auto id = crypto::DeviceIdOf(key.public_key());
      sorted.emplace(id, std::move(key));
    }
    for (auto& [id, key] : sorted) keys_.push_back(std::move(key));
    for (std::uint32_t i = 0; i < config.members; ++i) {
      logs_.push_back(std::make_unique<MemoryDecisionLog>());
      clients_.push_back(Restarted(i, 0, *logs_[i]));
    }
  }

  // One thing that the coordinator tries with a client.
  void TryAnything() {
    const std::uint32_t i = Below(model_.honest());
    switch (Below(10)) {
      case 0:
        if (model_.CanRestart(state_, i)) {
          state_[i][1].step = Step::kKeysSent;
          aborted_.erase(i);
          clients_[i] = Restarted(i, 1, *logs_[i]);
        }
        return;
      case 1:
      case 2:
      case 3:
        return TryRoster(i, RandomSession());
      case 4:
      case 5:
        return TryDelivery(i, RandomSet());
      case 6:
      case 7:
        return TrySurvivors(i, RandomSet());
      default:
        return TryUnmask(i);
    }
  }

  const ClientModel::State& state() const { return state_; }
  int accepted() const { return accepted_; }
  int refused() const { return refused_; }

 private:
  std::uint32_t Below(std::uint64_t n) {
    return static_cast<std::uint32_t>(crypto::UniformBelow(rng_, n));
  }
  // Mostly one that all can be in.
  std::uint32_t RandomSession() {
    if (Below(4) == 0) return Below(model_.sessions());
    std::uint32_t session = 0;
    for (std::uint32_t j = 0; j < model_.honest(); ++j) {
      session |= ClientModel::StartOf(state_, j) << j;
    }
    return session;
  }
  // What will be refused ends the client's part, so it is tried seldom.
  bool IsSkipped(bool expected) { return !expected && Below(16) != 0; }
  // Mostly everybody, or all but one: others are refused at once.
  MemberSet RandomSet() {
    const auto all = static_cast<MemberSet>((1u << config_.members) - 1);
    switch (Below(4)) {
      case 0:
        return static_cast<MemberSet>(Below(1u << config_.members));
      case 1:
        return static_cast<MemberSet>(all & ~(1u << Below(config_.members)));
      default:
        return all;
    }
  }
  Bytes Bitmap(MemberSet set) const { return {set}; }

  ClientSession Restarted(std::uint32_t i, std::uint32_t start,
                          DecisionLog& log) {
    auto& rng = *rngs_.emplace_back(std::make_unique<crypto::SeededRng>(
        AsBytes(absl::StrFormat("%d, %d", i, start))));
    ClientSession client =
        ClientSession::Create(
            {.certificate = crypto::IssueCertificate(
                 issuer_, keys_[i].public_key(), "test", 0, 100000),
             .identity = &keys_[i],
             .issuer = issuer_.public_key(),
             .coordinator = coordinator_.public_key(),
             .round_id = {9},
             .task = "task",
             .round = 7,
             .model_hash = {1},
             .plan_hash = {2},
             .now = UnixTime(std::chrono::milliseconds(5000)),
             .policy = {.min_cohort = config_.min_survivors,
                        .corrupted_fraction = gamma_,
                        .vectors = vectors_}},
            rng, log)
            .value();
    advertisements_[{i, start}] = client.Advertise().value();
    return client;
  }

  v1::Roster RosterOf(std::uint32_t session) {
    v1::Roster roster;
    v1::SessionManifest& m = *roster.mutable_manifest();
    std::vector<crypto::Sha256Digest> leaves;
    for (std::uint32_t i = 0; i < config_.members; ++i) {
      const std::uint32_t start =
          i < model_.honest() ? ClientModel::StartIn(session, i) : 0;
      auto& member = *roster.add_members();
      member.set_index(i);
      *member.mutable_keys() = advertisements_.at({i, start});
      leaves.push_back(LeafHash(member.keys()));
    }
    m.set_protocol_version(1);
    m.set_task("task");
    m.set_round(7);
    m.set_round_id(ToString(RoundId{9}));
    for (const VectorSpec& spec : vectors_) {
      auto& v = *m.add_vectors();
      v.set_name(spec.name);
      v.set_length(spec.length);
      v.set_bits(spec.bits);
      v.set_bound(spec.bound);
    }
    m.set_cohort_size(config_.members);
    m.set_neighbours(config_.members - 1);
    m.set_threshold(config_.threshold);
    m.set_min_survivors(config_.min_survivors);
    m.set_corrupted_fraction(gamma_);
    m.set_model_hash(ToString(crypto::Sha256Digest{1}));
    m.set_plan_hash(ToString(crypto::Sha256Digest{2}));
    m.set_key_root(ToString(KeyRoot(leaves)));
    // What makes several manifests of one roster.
    m.set_deadline_ms(10000 + (session >> model_.honest()));
    m.set_prg("chacha20");
    roster.set_manifest_signature(
        ToString(coordinator_.Sign(ManifestBytes(m))));
    return roster;
  }
  SessionId IdOf(std::uint32_t session) {
    return SessionIdOf(RosterOf(session).manifest());
  }

  // The shares that `v` made in a session; corrupted members make them in any.
  const v1::EncryptedShares* SharesOf(std::uint32_t v, std::uint32_t session) {
    const auto found = shares_.find({v, session});
    if (found != shares_.end()) return &found->second;
    if (v < model_.honest()) return nullptr;
    MemoryDecisionLog log;
    ClientSession again = Restarted(v, 0, log);
    return &(shares_[{v, session}] =
                 again.ShareKeys(RosterOf(session)).value());
  }

  // Compares with what the automaton says; true when the client went on.
  bool Took(std::uint32_t i, Step step, bool expected,
            const absl::Status& status) {
    const bool in_step =
        aborted_.count(i) == 0 && ClientModel::Current(state_, i).step == step;
    EXPECT_EQ(status.ok(), in_step && expected)
        << "member " << i << ": " << status;
    if (!in_step) {
      // Another step's message changes nothing.
      EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition));
      return false;
    }
    ++(status.ok() ? accepted_ : refused_);
    if (!status.ok()) {
      EXPECT_EQ(clients_[i].state(), ClientSession::State::kAborted);
      aborted_.insert(i);
    }
    return status.ok();
  }

  void TryRoster(std::uint32_t i, std::uint32_t session) {
    for (std::uint32_t j = 0; j < model_.honest(); ++j) {
      // It has no keys of a start that has not been.
      if (ClientModel::StartIn(session, j) > ClientModel::StartOf(state_, j)) {
        return;
      }
    }
    const bool expected = model_.AcceptsRoster(state_, i, session);
    if (IsSkipped(expected)) return;
    const auto shares = clients_[i].ShareKeys(RosterOf(session));
    if (!Took(i, Step::kKeysSent, expected, shares.status())) return;
    shares_[{i, session}] = *shares;
    ClientModel::Current(state_, i) = {
        .step = Step::kSharesSent,
        .session = static_cast<std::uint8_t>(session)};
  }

  void TryDelivery(std::uint32_t i, MemberSet members) {
    const bool expected = model_.AcceptsDelivery(state_, i, members);
    if (IsSkipped(expected)) return;
    const std::uint32_t session = ClientModel::Current(state_, i).session;
    v1::ShareDelivery delivery;
    delivery.set_members(ToString(Bitmap(members)));
    delivery.set_signature(ToString(
        coordinator_.Sign(DeliveryBytes(IdOf(session), Bitmap(members)))));
    for (std::uint32_t v = 0; v < config_.members; ++v) {
      if (v == i || !ClientModel::Has(members, v)) continue;
      const v1::EncryptedShares* shares = SharesOf(v, session);
      if (shares == nullptr) continue;
      for (const auto& share : shares->shares()) {
        if (share.recipient() != i) continue;
        auto& copy = *delivery.add_shares();
        copy.set_sender(v);
        copy.set_ciphertext(share.ciphertext());
      }
    }
    const auto input = clients_[i].MaskInput(delivery, {{"update", {1, 2}}});
    if (!Took(i, Step::kSharesSent, expected, input.status())) return;
    ClientModel::Current(state_, i).step = Step::kInputSent;
    ClientModel::Current(state_, i).members = members;
  }

  void TrySurvivors(std::uint32_t i, MemberSet survivors) {
    const bool expected = model_.AcceptsSurvivors(state_, i, survivors);
    if (IsSkipped(expected)) return;
    const std::uint32_t session = ClientModel::Current(state_, i).session;
    v1::SurvivorSet message;
    message.set_members(ToString(Bitmap(survivors)));
    message.set_signature(ToString(coordinator_.Sign(
        ServerSurvivorBytes(IdOf(session), Bitmap(survivors)))));
    const auto signature = clients_[i].SignSurvivors(message);
    if (!Took(i, Step::kInputSent, expected, signature.status())) return;
    // Its one signature in the session, on this set alone.
    EXPECT_TRUE(
        signatures_.try_emplace({i, session}, signature->signature()).second);
    EXPECT_THAT(
        crypto::Verify(keys_[i].public_key(),
                       ClientSurvivorBytes(IdOf(session), Bitmap(survivors)),
                       AsBytes(signature->signature())),
        IsOk());
    ClientModel::Current(state_, i).step = Step::kSigned;
    ClientModel::Current(state_, i).survivors = survivors;
  }

  // All signatures on its set that there are; those on others help nobody.
  void TryUnmask(std::uint32_t i) {
    bool expected = model_.CanUnmask(state_, i);
    if (IsSkipped(expected)) return;
    const ClientRecord own = ClientModel::Current(state_, i);
    const Bytes set_bytes =
        ClientSurvivorBytes(IdOf(own.session), Bitmap(own.survivors));
    v1::UnmaskRequest request;
    for (std::uint32_t w = 0; w < config_.members; ++w) {
      if (w == i || !ClientModel::Has(own.survivors, w)) continue;
      std::optional<std::string> signature;
      if (w >= model_.honest()) {
        signature = ToString(keys_[w].Sign(set_bytes));
      } else if (const auto found = signatures_.find({w, own.session});
                 found != signatures_.end()) {
        signature = found->second;
      }
      const bool fits = model_.HasSigned(state_, w, own.session, own.survivors);
      // Now and then one on another set: then it must refuse.
      if (!signature || (!fits && Below(8) != 0)) continue;
      auto& entry = *request.add_signatures();
      entry.set_sender(w);
      entry.set_signature(*signature);
    }
    for (const auto& entry : request.signatures()) {
      expected = expected && model_.HasSigned(state_, entry.sender(),
                                              own.session, own.survivors);
    }
    const auto shares = clients_[i].Unmask(request);
    if (!Took(i, Step::kSigned, expected, shares.status())) return;
    ClientModel::Current(state_, i).step = Step::kDone;
    for (const auto& share : shares->shares()) {
      // Once for each owner in the session, and of the kind that the set says.
      EXPECT_TRUE(revealed_.insert({own.session, i, share.owner()}).second);
      EXPECT_TRUE(ClientModel::Has(own.members, share.owner()));
      EXPECT_EQ(share.kind(), ClientModel::Has(own.survivors, share.owner())
                                  ? v1::UnmaskShares::SELF_MASK
                                  : v1::UnmaskShares::MASK_KEY);
    }
    EXPECT_EQ(shares->shares_size(), std::popcount(own.members) - 1);
  }

  ModelConfig config_;
  ClientModel model_;
  ClientModel::State state_;
  double gamma_;
  crypto::SeededRng rng_;
  crypto::SigningKey issuer_, coordinator_;
  std::vector<VectorSpec> vectors_ = {
      {.name = "update", .length = 2, .bits = 16, .bound = 1000}};
  std::vector<crypto::SigningKey> keys_;
  std::vector<std::unique_ptr<MemoryDecisionLog>> logs_;
  std::vector<std::unique_ptr<crypto::SeededRng>> rngs_;
  std::vector<ClientSession> clients_;
  std::set<std::uint32_t> aborted_;
  using MemberIn = std::pair<std::uint32_t, std::uint32_t>;  // start or session
  std::map<MemberIn, v1::KeyAdvertisement> advertisements_;
  std::map<MemberIn, v1::EncryptedShares> shares_;
  std::map<MemberIn, std::string> signatures_;
  std::set<std::array<std::uint32_t, 3>> revealed_;
  int accepted_ = 0, refused_ = 0;
};

TEST(ModelAgreementTest, ClientsTakeAndRefuseWhatTheModelDoes) {
  int accepted = 0, refused = 0, unmasked = 0;
  for (int seed = 0; seed < 250; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const std::uint32_t members = 3 + static_cast<std::uint32_t>(seed) % 3;
    const std::uint32_t corrupted =
        members == 3 ? 0 : static_cast<std::uint32_t>(seed / 3) % 2;
    ModelConfig config = {
        .members = members, .corrupted = corrupted, .min_survivors = 3};
    config.threshold =
        CompleteGraph(members, (corrupted + 0.25) / members)->threshold;
    config.restarting = static_cast<std::uint32_t>(seed) % 2;
    config.manifests = 1 + static_cast<std::uint32_t>(seed / 7) % 2;
    Trace trace(config, seed);
    for (int step = 0; step < 150; ++step) trace.TryAnything();
    accepted += trace.accepted();
    refused += trace.refused();
    for (const auto& member : trace.state()) {
      for (const ClientRecord& r : member) unmasked += r.step == Step::kDone;
    }
  }
  EXPECT_GT(accepted, 500);
  EXPECT_GT(refused, 200);
  EXPECT_GT(unmasked, 50);
  std::printf("%d steps taken, %d refused, %d clients unmasked\n", accepted,
              refused, unmasked);
}

}  // namespace
}  // namespace sotto::secure_agg
