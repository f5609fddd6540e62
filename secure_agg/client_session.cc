#include "secure_agg/client_session.h"

#include <algorithm>
#include <array>
#include <set>
#include <span>

#include "base/codec.h"
#include "base/status.h"
#include "crypto/aead.h"
#include "crypto/hkdf.h"
#include "secure_agg/client_state.h"
#include "secure_agg/masking/mask.h"
#include "secure_agg/signed_bytes.h"

namespace sotto::secure_agg {
namespace {

constexpr char kShareTag[] = "sotto/secagg/share/v1";
// No less than the plain text of a pair of shares.
constexpr std::size_t kMaxShareText = 256;

}  // namespace

ClientSession::ClientSession(const ClientParams& params, crypto::Rng& rng,
                             DecisionLog& log)
    : params_(params), rng_(&rng), log_(&log) {}
ClientSession::ClientSession(ClientSession&&) noexcept = default;
ClientSession& ClientSession::operator=(ClientSession&&) noexcept = default;
ClientSession::~ClientSession() = default;

absl::StatusOr<ClientSession> ClientSession::Create(const ClientParams& params,
                                                    crypto::Rng& rng,
                                                    DecisionLog& log) {
  if (params.identity == nullptr) {
    return absl::InvalidArgumentError("session: no identity key");
  }
  SOTTO_ASSIGN_OR_RETURN(const crypto::Certificate certificate,
                         crypto::DecodeCertificate(params.certificate));
  if (certificate.identity_key != params.identity->public_key()) {
    return absl::InvalidArgumentError(
        "session: the certificate is not for this identity key");
  }
  SOTTO_RETURN_IF_ERROR(CheckVectors(params.policy.vectors, 3));
  ClientSession session(params, rng, log);
  session.population_ = certificate.population;
  return session;
}

absl::Status ClientSession::Expect(State state, const char* method) const {
  if (state_ == state) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrFormat("%s is not the next step of this session", method));
}

absl::Status ClientSession::Final(const absl::Status& status) {
  if (!status.ok()) Abort();
  return status;
}

void ClientSession::Abort() {
  if (state_ == State::kDone) return;
  secrets_.reset();
  state_ = State::kAborted;
}

std::uint32_t ClientSession::own_index() const {
  return session_ == nullptr ? 0 : session_->own_index;
}
const v1::SessionManifest& ClientSession::manifest() const {
  return session_->manifest;
}

absl::StatusOr<v1::KeyAdvertisement> ClientSession::Advertise() {
  SOTTO_RETURN_IF_ERROR(Expect(State::kCreated, "Advertise"));
  secrets_ = std::make_unique<Secrets>();
  secrets_->own.emplace(
      Secrets::Own{.channel = crypto::X25519Key::Generate(*rng_),
                   .mask = crypto::X25519Key::Generate(*rng_),
                   .self_mask_seed = {},
                   .channels = {}});
  v1::KeyAdvertisement out;
  out.set_certificate(ToString(params_.certificate));
  out.set_channel_key(ToString(secrets_->own->channel.public_key()));
  out.set_mask_key(ToString(secrets_->own->mask.public_key()));
  Bytes nonce(32);
  rng_->Fill(nonce);
  out.set_nonce(ToString(nonce));
  out.set_round_id(ToString(params_.round_id));
  out.set_task(params_.task);
  out.set_round(params_.round);
  out.set_model_hash(ToString(params_.model_hash));
  out.set_plan_hash(ToString(params_.plan_hash));
  out.set_signature(ToString(params_.identity->Sign(AdvertisementBytes(out))));
  state_ = State::kKeysSent;
  return out;
}

absl::StatusOr<v1::EncryptedShares> ClientSession::ShareKeys(
    const v1::Roster& roster) {
  SOTTO_RETURN_IF_ERROR(Expect(State::kKeysSent, "ShareKeys"));
  SOTTO_RETURN_IF_ERROR(Final(AcceptRoster(roster)));
  absl::StatusOr<v1::EncryptedShares> out = MakeShares();
  SOTTO_RETURN_IF_ERROR(Final(out.status()));
  state_ = State::kSharesSent;
  return out;
}

absl::StatusOr<v1::EncryptedShares> ClientSession::MakeShares() {
  const Session& s = *session_;
  Secrets::Own& own = *secrets_->own;
  std::vector<std::uint64_t> points;
  for (const auto& [index, unused] : s.neighbours) points.push_back(index + 1);
  rng_->Fill(own.self_mask_seed.RevealMutable());
  const std::uint32_t t = s.manifest.threshold();
  const auto of_self_mask = SplitSecret(own.self_mask_seed, t, points, *rng_);
  const auto of_mask_key = SplitSecret(own.mask.scalar(), t, points, *rng_);
  v1::EncryptedShares out;
  out.set_sender(s.own_index);
  out.set_self_mask_commitment(
      ToString(SelfMaskCommitment(s.id, own.self_mask_seed.Reveal())));
  std::size_t i = 0;
  for (const auto& [peer, keys] : s.neighbours) {
    SOTTO_ASSIGN_OR_RETURN(auto shared, own.channel.Agree(keys.channel_key));
    const auto key = crypto::HkdfKey(shared.Reveal(), {},
                                     ChannelInfo(s.id, s.own_index, peer));
    own.channels.emplace(peer, std::move(shared));
    crypto::AeadNonce nonce;
    rng_->Fill(nonce);
    // The shares are written last and in place: a buffer that grows leaves
    // copies of what was in it.
    const std::array<std::uint8_t, kShareBytes> room = {};
    Encoder text(kShareTag);
    text.U32(s.own_index).U32(peer).Octets(s.id).Octets(room).Octets(room);
    Bytes plain = std::move(text).Take();
    const std::span<std::uint8_t> all = plain;
    const auto at_self_mask = all.last<kShareBytes>();
    const auto at_mask_key =
        all.first(all.size() - kShareBytes - sizeof(std::uint32_t))
            .last<kShareBytes>();
    EncodeShareInto(of_mask_key[i], at_mask_key);
    EncodeShareInto(of_self_mask[i], at_self_mask);
    ++i;
    Bytes sealed(nonce.begin(), nonce.end());
    const Bytes body =
        crypto::Aead(key).Seal(nonce, ShareAad(s.id, s.own_index, peer), plain);
    crypto::Wipe(plain);
    sealed.insert(sealed.end(), body.begin(), body.end());
    auto* share = out.add_shares();
    share->set_recipient(peer);
    share->set_ciphertext(ToString(sealed));
  }
  out.set_signature(ToString(params_.identity->Sign(SharesBytes(s.id, out))));
  return out;
}

std::size_t ClientSession::Session::NeighboursIn(ByteView set) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      neighbours, [&](const auto& n) { return TestBit(set, n.first); }));
}

absl::Status ClientSession::CheckSize(ByteView set, const char* what) const {
  const Session& s = *session_;
  const std::size_t count = CountBits(set), near = s.NeighboursIn(set);
  if (count >= s.manifest.min_survivors() && near >= s.manifest.threshold()) {
    return absl::OkStatus();
  }
  return absl::AbortedError(absl::StrFormat(
      "%s: %d members, %d of them neighbours; %d and %d are needed", what,
      static_cast<int>(count), static_cast<int>(near),
      s.manifest.min_survivors(), s.manifest.threshold()));
}

absl::Status ClientSession::AcceptDelivery(const v1::ShareDelivery& delivery) {
  Session& s = *session_;
  const std::uint32_t n = s.manifest.cohort_size();
  const ByteView members = AsBytes(delivery.members());
  SOTTO_RETURN_IF_ERROR(Annotate(CheckBitmap(members, n), "delivery"));
  if (!crypto::Verify(params_.coordinator, DeliveryBytes(s.id, members),
                      AsBytes(delivery.signature()))
           .ok()) {
    return absl::PermissionDeniedError(
        "delivery: the coordinator's signature does not verify");
  }
  if (!TestBit(members, s.own_index)) {
    return absl::PermissionDeniedError(
        "delivery: this device sent its shares and is declared gone");
  }
  SOTTO_RETURN_IF_ERROR(CheckSize(members, "delivery"));
  for (const auto& share : delivery.shares()) {
    const std::uint32_t from = share.sender();
    const auto peer = s.neighbours.find(from);
    std::string name = absl::StrFormat("share from member %d", from);
    if (peer != s.neighbours.end()) {
      name += ", device " +
              HexEncode(crypto::DeviceIdOf(peer->second.identity_key));
    }
    if (peer == s.neighbours.end() || !TestBit(members, from) ||
        secrets_->received.count(from) != 0) {
      return absl::InvalidArgumentError(name + " is unexpected or repeated");
    }
    const ByteView bytes = AsBytes(share.ciphertext());
    if (bytes.size() < sizeof(crypto::AeadNonce)) {
      return absl::InvalidArgumentError(name + " is cut short");
    }
    accused_ = static_cast<std::int32_t>(from);
    crypto::AeadNonce nonce;
    std::copy_n(bytes.begin(), nonce.size(), nonce.begin());
    const ByteView body = bytes.subspan(nonce.size());
    crypto::Secret<kMaxShareText> text;
    if (body.size() < crypto::kAeadTagBytes ||
        body.size() - crypto::kAeadTagBytes > kMaxShareText) {
      return absl::DataLossError(name + " has not the size of a share");
    }
    const auto plain =
        text.RevealMutable().first(body.size() - crypto::kAeadTagBytes);
    const auto key = crypto::HkdfKey(secrets_->own->channels.at(from).Reveal(),
                                     {}, ChannelInfo(s.id, from, s.own_index));
    SOTTO_RETURN_IF_ERROR(
        Annotate(crypto::Aead(key).OpenInto(
                     nonce, ShareAad(s.id, from, s.own_index), body, plain),
                 name));
    Decoder decoder(plain);
    SOTTO_RETURN_IF_ERROR(Annotate(decoder.Tag(kShareTag), name));
    SOTTO_ASSIGN_OR_RETURN(const auto sender, decoder.U32("sender"));
    SOTTO_ASSIGN_OR_RETURN(const auto recipient, decoder.U32("recipient"));
    SOTTO_ASSIGN_OR_RETURN(const ByteView session, decoder.Octets("session"));
    SOTTO_ASSIGN_OR_RETURN(const ByteView mask_key,
                           decoder.Octets("mask key share"));
    SOTTO_ASSIGN_OR_RETURN(const ByteView self_mask,
                           decoder.Octets("self mask share"));
    SOTTO_RETURN_IF_ERROR(Annotate(decoder.Finish(), name));
    if (sender != from || recipient != s.own_index ||
        !std::ranges::equal(session, s.id)) {
      return absl::PermissionDeniedError(name + " was made for another place");
    }
    Secrets::Received received;
    SOTTO_ASSIGN_OR_RETURN(received.mask_key,
                           DecodeShare(mask_key, s.own_index + 1));
    SOTTO_ASSIGN_OR_RETURN(received.self_mask,
                           DecodeShare(self_mask, s.own_index + 1));
    secrets_->received[from] = received;
    accused_ = -1;
  }
  if (const std::size_t near = s.NeighboursIn(members);
      secrets_->received.size() != near) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "delivery: %d shares of %d neighbours",
        static_cast<int>(secrets_->received.size()), static_cast<int>(near)));
  }
  s.members.assign(members.begin(), members.end());
  return absl::OkStatus();
}

absl::Status ClientSession::CheckInput(const NamedVectors& input) const {
  if (input.size() != params_.policy.vectors.size()) {
    return absl::InvalidArgumentError("input: another number of vectors");
  }
  for (const VectorSpec& spec : params_.policy.vectors) {
    const auto found = input.find(spec.name);
    if (found == input.end() || found->second.size() != spec.length) {
      return absl::InvalidArgumentError(
          absl::StrFormat("input vector '%s' is missing or not of length %d",
                          spec.name, spec.length));
    }
    const std::uint64_t modulus = std::uint64_t{1} << spec.bits;
    if (std::ranges::any_of(found->second,
                            [&](std::uint32_t v) { return v >= modulus; })) {
      return absl::InvalidArgumentError(
          absl::StrFormat("input vector '%s' has an entry of more than %d bits",
                          spec.name, spec.bits));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<MaskedInput> ClientSession::MaskInput(
    const v1::ShareDelivery& delivery, NamedVectors input) {
  SOTTO_RETURN_IF_ERROR(Expect(State::kSharesSent, "MaskInput"));
  SOTTO_RETURN_IF_ERROR(Final(CheckInput(input)));
  SOTTO_RETURN_IF_ERROR(Final(AcceptDelivery(delivery)));
  SOTTO_RETURN_IF_ERROR(Final(
      log_->RecordContribution(params_.task, params_.round, params_.round_id)));
  absl::StatusOr<MaskedInput> masked = MakeInput(std::move(input));
  SOTTO_RETURN_IF_ERROR(Final(masked.status()));
  // From here on only the shares of others are needed.
  secrets_->own.reset();
  state_ = State::kInputSent;
  return masked;
}

absl::StatusOr<MaskedInput> ClientSession::MakeInput(NamedVectors input) {
  const Session& s = *session_;
  const Secrets::Own& own = *secrets_->own;
  SOTTO_ASSIGN_OR_RETURN(const auto kind, crypto::Prg::Parse(s.manifest.prg()));
  std::vector<Mask> masks;
  masks.push_back({own.self_mask_seed.Clone(), Sign::kPlus});
  for (const auto& [peer, unused] : secrets_->received) {
    SOTTO_ASSIGN_OR_RETURN(const auto shared,
                           own.mask.Agree(s.neighbours.at(peer).mask_key));
    masks.push_back(
        {crypto::HkdfKey(shared.Reveal(), {},
                         MaskInfo(s.id, s.manifest, s.own_index, peer)),
         s.own_index < peer ? Sign::kPlus : Sign::kMinus});
  }
  for (const VectorSpec& spec : params_.policy.vectors) {
    const std::span<std::uint32_t> values = input[spec.name];
    AddMasks(kind, masks, spec.name, spec.bits, values);
    ReduceLanes(spec.bits, values);
  }
  return MaskedInput(s.id, s.own_index, s.members, params_.policy.vectors,
                     std::move(input), *params_.identity);
}

absl::Status ClientSession::AcceptSurvivors(const v1::SurvivorSet& survivors) {
  Session& s = *session_;
  const ByteView set = AsBytes(survivors.members());
  SOTTO_RETURN_IF_ERROR(
      Annotate(CheckBitmap(set, s.manifest.cohort_size()), "survivor set"));
  if (!crypto::Verify(params_.coordinator, ServerSurvivorBytes(s.id, set),
                      AsBytes(survivors.signature()))
           .ok()) {
    return absl::PermissionDeniedError(
        "survivor set: the coordinator's signature does not verify");
  }
  for (std::size_t i = 0; i < set.size(); ++i) {
    if ((set[i] & ~s.members[i]) != 0) {
      return absl::PermissionDeniedError(
          "survivor set: it names a member that never shared its keys");
    }
  }
  if (!TestBit(set, s.own_index)) {
    return absl::PermissionDeniedError(
        "survivor set: this device sent its input and is declared gone");
  }
  SOTTO_RETURN_IF_ERROR(CheckSize(set, "survivor set"));
  SOTTO_RETURN_IF_ERROR(log_->RecordSurvivors(s.id, set));
  s.survivors.assign(set.begin(), set.end());
  return absl::OkStatus();
}

absl::StatusOr<v1::SurvivorSignature> ClientSession::SignSurvivors(
    const v1::SurvivorSet& survivors) {
  SOTTO_RETURN_IF_ERROR(Expect(State::kInputSent, "SignSurvivors"));
  SOTTO_RETURN_IF_ERROR(Final(AcceptSurvivors(survivors)));
  v1::SurvivorSignature out;
  out.set_sender(session_->own_index);
  out.set_signature(ToString(params_.identity->Sign(ClientSurvivorBytes(
      session_->id, session_->members, session_->survivors))));
  state_ = State::kSurvivorsSigned;
  return out;
}

absl::Status ClientSession::CheckSignatures(
    const v1::UnmaskRequest& request) const {
  const Session& s = *session_;
  const auto check = [&](const v1::SurvivorSignature& signature,
                         const Bytes& signed_bytes, const char* what) {
    const std::uint32_t from = signature.sender();
    const auto peer = s.neighbours.find(from);
    if (peer == s.neighbours.end() || !TestBit(s.survivors, from)) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "unmask request: member %d is no surviving neighbour", from));
    }
    if (crypto::Verify(peer->second.identity_key, signed_bytes,
                       AsBytes(signature.signature()))
            .ok()) {
      return absl::OkStatus();
    }
    return absl::PermissionDeniedError(absl::StrFormat(
        "unmask request: member %d did not sign this %s", from, what));
  };
  const Bytes survivors = ClientSurvivorBytes(s.id, s.members, s.survivors);
  std::set<std::uint32_t> signers;
  for (const auto& signature : request.signatures()) {
    SOTTO_RETURN_IF_ERROR(check(signature, survivors, "survivor set"));
    signers.insert(signature.sender());
  }
  if (signers.size() < s.manifest.threshold()) {
    return absl::PermissionDeniedError(absl::StrFormat(
        "unmask request: %d neighbours signed this survivor set, %d are "
        "needed",
        static_cast<int>(signers.size()),
        static_cast<int>(s.manifest.threshold())));
  }
  // Who was shown another U2 than this device may have masked its input for
  // members of whom few share a sum with it: its self mask stays hidden.
  const Bytes members = ClientMembersBytes(s.id, s.members);
  for (const auto& signature : request.member_signatures()) {
    SOTTO_RETURN_IF_ERROR(check(signature, members, "set of members"));
    signers.insert(signature.sender());
  }
  for (const auto& [owner, unused] : secrets_->received) {
    if (!TestBit(s.survivors, owner) || signers.count(owner) != 0) continue;
    return absl::PermissionDeniedError(absl::StrFormat(
        "unmask request: member %d has not signed the members that this device "
        "was shown",
        owner));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::UnmaskShares> ClientSession::Unmask(
    const v1::UnmaskRequest& request) {
  SOTTO_RETURN_IF_ERROR(Expect(State::kSurvivorsSigned, "Unmask"));
  SOTTO_RETURN_IF_ERROR(Final(CheckSignatures(request)));
  SOTTO_RETURN_IF_ERROR(Final(log_->RecordUnmask(session_->id)));
  v1::UnmaskShares out;
  out.set_sender(session_->own_index);
  for (const auto& [owner, received] : secrets_->received) {
    const bool survived = TestBit(session_->survivors, owner);
    auto* share = out.add_shares();
    share->set_owner(owner);
    share->set_kind(survived ? v1::UnmaskShares::SELF_MASK
                             : v1::UnmaskShares::MASK_KEY);
    share->set_share(ToString(
        EncodeShare(survived ? received.self_mask : received.mask_key)));
  }
  out.set_signature(
      ToString(params_.identity->Sign(UnmaskBytes(session_->id, out))));
  secrets_.reset();
  state_ = State::kDone;
  return out;
}

v1::Complaint ClientSession::ComplaintFor(const absl::Status& error) const {
  v1::Complaint out;
  out.set_sender(own_index());
  out.set_accused(accused_);
  out.set_code(static_cast<std::uint32_t>(error.code()));
  out.set_reason(std::string(error.message()));
  out.set_signature(
      ToString(params_.identity->Sign(ComplaintBytes(params_.round_id, out))));
  return out;
}

}  // namespace sotto::secure_agg
