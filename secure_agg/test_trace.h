// Real clients and a coordinator that lies to them, step by step beside the
// automaton of test_client_model.h, which says what they take and refuse.

#ifndef SOTTO_SECURE_AGG_TEST_TRACE_H_
#define SOTTO_SECURE_AGG_TEST_TRACE_H_

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "gtest/gtest.h"
#include "secure_agg/graph/key_tree.h"
#include "secure_agg/graph/ring.h"
#include "secure_agg/signed_bytes.h"
#include "secure_agg/test_client_model.h"
#include "tests/support/cohort.h"
#include "tests/support/status_matchers.h"

namespace sotto::secure_agg {

// A coordinator without scruples, and the clients that it lies to.
class Trace {
 public:
  // On a ring where `neighbours` is not 0: there the order of the members
  // follows from their keys, and nobody restarts.
  Trace(const ModelConfig& config, int seed, std::uint32_t neighbours = 0)
      : config_(config),
        neighbours_(neighbours == 0 ? config.members - 1 : neighbours),
        model_(config),
        state_(model_.Start()),
        gamma_((config.corrupted + 0.25) / config.members),
        rng_(AsBytes("trace" + std::to_string(seed))),
        issuer_(crypto::SigningKey::Generate(rng_)),
        coordinator_(crypto::SigningKey::Generate(rng_)) {
    usual_u2_ = Below(4) != 0 ? model_.everybody() : AllButOne();
    usual_u3_ = Below(4) != 0 ? usual_u2_ : usual_u2_ & AllButOne();
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
    if (neighbours == 0) return;
    ring_ = Ring::Create(KeyTree(LeavesOf(0)).root(), "task", 7, config.members,
                         neighbours)
                .value();
    for (std::uint32_t i = 0; i < config.members; ++i) {
      for (const std::uint32_t v : ring_->NeighboursOf(i)) {
        config_.near[i] |= static_cast<MemberSet>(1u << v);
      }
    }
    model_ = ClientModel(config_);
  }

  // One thing that the coordinator tries with a client.
  void TryAnything() {
    const std::uint32_t i = Below(model_.honest());
    switch (Below(10)) {
      case 0:
        if (model_.CanRestart(state_, i)) {
          state_[i][1].step = ClientRecord::Step::kKeysSent;
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
        return TryDelivery(i, RandomSet(usual_u2_));
      case 6:
      case 7:
        return TrySurvivors(i, RandomSet(usual_u3_));
      default:
        return TryUnmask(i);
    }
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
    const auto shares = clients_[i].ShareKeys(RosterOf(session, i));
    if (!Took(i, ClientRecord::Step::kKeysSent, expected, shares.status()))
      return;
    shares_[{i, session}] = *shares;
    ClientModel::Current(state_, i) = {
        .step = ClientRecord::Step::kSharesSent,
        .session = static_cast<std::uint16_t>(session)};
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
      if (!model_.AreNeighbours(i, v) || !ClientModel::Has(members, v)) {
        continue;
      }
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
    if (!Took(i, ClientRecord::Step::kSharesSent, expected, input.status()))
      return;
    const auto chunk = input->ChunkAt("update", 0);
    ASSERT_THAT(chunk, IsOk());
    // Its one signature on a U2 in the session: on what it was shown.
    EXPECT_TRUE(members_signatures_
                    .try_emplace({i, session}, chunk->members_signature())
                    .second);
    EXPECT_THAT(
        crypto::Verify(keys_[i].public_key(),
                       ClientMembersBytes(IdOf(session), Bitmap(members)),
                       AsBytes(chunk->members_signature())),
        IsOk());
    ClientModel::Current(state_, i).step = ClientRecord::Step::kInputSent;
    ClientModel::Current(state_, i).members = members;
  }

  void TrySurvivors(std::uint32_t i, MemberSet survivors) {
    const bool expected = model_.AcceptsSurvivors(state_, i, survivors);
    if (IsSkipped(expected)) return;
    const std::uint32_t session = ClientModel::Current(state_, i).session;
    const MemberSet members = ClientModel::Current(state_, i).members;
    v1::SurvivorSet message;
    message.set_members(ToString(Bitmap(survivors)));
    message.set_signature(ToString(coordinator_.Sign(
        ServerSurvivorBytes(IdOf(session), Bitmap(survivors)))));
    const auto signature = clients_[i].SignSurvivors(message);
    if (!Took(i, ClientRecord::Step::kInputSent, expected, signature.status()))
      return;
    // Its one signature on a U3 in the session, on this one alone.
    EXPECT_TRUE(
        signatures_.try_emplace({i, session}, signature->signature()).second);
    EXPECT_THAT(
        crypto::Verify(keys_[i].public_key(),
                       ClientSurvivorBytes(IdOf(session), Bitmap(members),
                                           Bitmap(survivors)),
                       AsBytes(signature->signature())),
        IsOk());
    ClientModel::Current(state_, i).step = ClientRecord::Step::kSigned;
    ClientModel::Current(state_, i).survivors = survivors;
  }

  // All signatures on its sets that there are; those on others help nobody.
  void TryUnmask(std::uint32_t i) {
    bool expected = model_.CanUnmask(state_, i);
    if (IsSkipped(expected)) return;
    const ClientRecord own = ClientModel::Current(state_, i);
    v1::UnmaskRequest request;
    for (std::uint32_t w = 0; w < config_.members; ++w) {
      if (!model_.AreNeighbours(i, w) || !ClientModel::Has(own.survivors, w)) {
        continue;
      }
      const bool has_signed = model_.HasSigned(state_, w, own);
      if (has_signed) {
        AddSignature(w, SurvivorSignatureOf(w, own),
                     *request.mutable_signatures());
        continue;
      }
      // Now and then one on another set, or none at all: then it must refuse.
      if (signatures_.count({w, own.session}) != 0 && Below(8) == 0) {
        AddSignature(w, SurvivorSignatureOf(w, own),
                     *request.mutable_signatures());
        expected = false;
      }
      const auto found = members_signatures_.find({w, own.session});
      const bool fits = model_.HasSignedMembers(state_, w, own);
      const bool is_sent =
          found != members_signatures_.end() && (Below(8) == 0 ? !fits : fits);
      expected = expected && is_sent == fits;
      if (is_sent) {
        AddSignature(w, found->second, *request.mutable_member_signatures());
      }
    }
    const auto shares = clients_[i].Unmask(request);
    if (!Took(i, ClientRecord::Step::kSigned, expected, shares.status()))
      return;
    ClientModel::Current(state_, i).step = ClientRecord::Step::kDone;
    with_members_ += request.member_signatures_size() > 0 ? 1 : 0;
    for (const auto& share : shares->shares()) {
      // Once for each owner in the session, and of the kind that the set says.
      EXPECT_TRUE(revealed_.insert({own.session, i, share.owner()}).second);
      EXPECT_TRUE(ClientModel::Has(own.members, share.owner()));
      EXPECT_EQ(share.kind(), ClientModel::Has(own.survivors, share.owner())
                                  ? v1::UnmaskShares::SELF_MASK
                                  : v1::UnmaskShares::MASK_KEY);
    }
    const MemberSet near = own.members & model_.config().near[i];
    EXPECT_EQ(shares->shares_size(), std::popcount(near));
  }

  // From here on, what will be refused is not tried seldom, but always.
  void SkipNothing() { skips_ = false; }
  // How far member `v` stands from member `u` on the ring, ahead.
  std::uint32_t Ahead(std::uint32_t u, std::uint32_t v) const {
    return (ring_->PlaceOf(v) + config_.members - ring_->PlaceOf(u)) %
           config_.members;
  }
  const ClientModel& model() const { return model_; }
  const ClientModel::State& state() const { return state_; }
  int accepted() const { return accepted_; }
  int refused() const { return refused_; }
  // Who unmasked although a surviving neighbour had signed U2 alone.
  int unmasked_with_members() const { return with_members_; }

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
  bool IsSkipped(bool expected) {
    return skips_ && !expected && Below(16) != 0;
  }
  // Mostly what others are shown too: clients unmask on one U2 and U3 alone.
  MemberSet RandomSet(MemberSet usual) {
    switch (Below(8)) {
      case 0:
        return static_cast<MemberSet>(Below(1u << config_.members));
      case 1:
        return AllButOne();
      default:
        return usual;
    }
  }
  MemberSet AllButOne() {
    return static_cast<MemberSet>(model_.everybody() &
                                  ~(1u << Below(config_.members)));
  }
  Bytes Bitmap(MemberSet set) const {
    Bytes bitmap = {static_cast<std::uint8_t>(set & 0xff)};
    if (config_.members > 8) {
      bitmap.push_back(static_cast<std::uint8_t>(set >> 8));
    }
    return bitmap;
  }

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
                        .complete_up_to = 0,
                        .vectors = vectors_}},
            rng, log)
            .value();
    advertisements_[{i, start}] = client.Advertise().value();
    return client;
  }

  const v1::KeyAdvertisement& KeysIn(std::uint32_t session,
                                     std::uint32_t i) const {
    const std::uint32_t start =
        i < model_.honest() ? ClientModel::StartIn(session, i) : 0;
    return advertisements_.at({i, start});
  }
  std::vector<crypto::Sha256Digest> LeavesOf(std::uint32_t session) const {
    std::vector<crypto::Sha256Digest> leaves;
    for (std::uint32_t i = 0; i < config_.members; ++i) {
      leaves.push_back(LeafHash(KeysIn(session, i)));
    }
    return leaves;
  }

  v1::Roster RosterOf(std::uint32_t session, std::uint32_t reader) const {
    v1::Roster roster;
    v1::SessionManifest& m = *roster.mutable_manifest();
    const KeyTree tree(LeavesOf(session));
    for (std::uint32_t i = 0; i < config_.members; ++i) {
      if (i != reader && !model_.AreNeighbours(reader, i)) continue;
      auto& member = *roster.add_members();
      member.set_index(i);
      *member.mutable_keys() = KeysIn(session, i);
      if (!ring_) continue;
      for (const crypto::Sha256Digest& hash : tree.Path(i)) {
        member.mutable_path()->append(ToString(hash));
      }
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
    m.set_neighbours(neighbours_);
    m.set_threshold(config_.threshold);
    m.set_min_survivors(config_.min_survivors);
    m.set_corrupted_fraction(gamma_);
    m.set_model_hash(ToString(crypto::Sha256Digest{1}));
    m.set_plan_hash(ToString(crypto::Sha256Digest{2}));
    m.set_key_root(ToString(tree.root()));
    // What makes several manifests of one roster.
    m.set_deadline_ms(10000 + (session >> model_.honest()));
    m.set_prg("chacha20");
    roster.set_manifest_signature(
        ToString(coordinator_.Sign(ManifestBytes(m))));
    return roster;
  }
  SessionId IdOf(std::uint32_t session) const {
    return SessionIdOf(RosterOf(session, 0).manifest());
  }

  // Of member `w`, who has signed; a corrupted one signs what is asked for.
  std::string SurvivorSignatureOf(std::uint32_t w, const ClientRecord& asked) {
    if (w < model_.honest()) return signatures_.at({w, asked.session});
    return ToString(keys_[w].Sign(ClientSurvivorBytes(
        IdOf(asked.session), Bitmap(asked.members), Bitmap(asked.survivors))));
  }
  static void AddSignature(
      std::uint32_t sender, std::string signature,
      google::protobuf::RepeatedPtrField<v1::SurvivorSignature>& to) {
    v1::SurvivorSignature& entry = *to.Add();
    entry.set_sender(sender);
    entry.set_signature(std::move(signature));
  }

  // The shares that `v` made in a session; corrupted members make them in any.
  const v1::EncryptedShares* SharesOf(std::uint32_t v, std::uint32_t session) {
    const auto found = shares_.find({v, session});
    if (found != shares_.end()) return &found->second;
    if (v < model_.honest()) return nullptr;
    MemoryDecisionLog log;
    ClientSession again = Restarted(v, 0, log);
    return &(shares_[{v, session}] =
                 again.ShareKeys(RosterOf(session, v)).value());
  }

  // Compares with what the automaton says; true when the client went on.
  bool Took(std::uint32_t i, ClientRecord::Step step, bool expected,
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

  ModelConfig config_;
  std::uint32_t neighbours_;
  std::optional<Ring> ring_;
  ClientModel model_;
  ClientModel::State state_;
  MemberSet usual_u2_ = 0, usual_u3_ = 0;
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
  std::map<MemberIn, std::string> signatures_, members_signatures_;
  std::set<std::array<std::uint32_t, 3>> revealed_;
  int accepted_ = 0, refused_ = 0;
  int with_members_ = 0;
  bool skips_ = true;
};

}  // namespace sotto::secure_agg

#endif  // SOTTO_SECURE_AGG_TEST_TRACE_H_
