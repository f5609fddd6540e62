// What clients send. Each message is checked whole before anything changes.

#include <algorithm>
#include <span>

#include "base/status.h"
#include "crypto/kex.h"
#include "secure_agg/packing.h"
#include "secure_agg/server_session.h"
#include "secure_agg/sharing/shamir.h"
#include "secure_agg/signed_bytes.h"

namespace sotto::secure_agg {
namespace {

constexpr std::size_t kMaxCiphertext = 512;
constexpr std::size_t kMaxReason = 512;

absl::Status Malformed(const std::string& what) {
  return absl::InvalidArgumentError(what);
}

absl::Status CheckSender(std::uint32_t sender, std::size_t index) {
  if (sender == index) return absl::OkStatus();
  return Malformed(
      absl::StrFormat("the message says member %d, the device is member %d",
                      static_cast<int>(sender), static_cast<int>(index)));
}

absl::Status CheckSignature(const crypto::PublicKey& key, ByteView bytes,
                            const std::string& signature, const char* what) {
  if (crypto::Verify(key, bytes, AsBytes(signature)).ok()) {
    return absl::OkStatus();
  }
  return absl::UnauthenticatedError(
      absl::StrFormat("%s: the signature does not verify", what));
}

// Each member agrees on a secret with each such key, and leaves the session
// when it cannot: one bad key in a roster would end the round for all.
absl::Status CheckAgreement(const std::string& field, const char* what) {
  static const crypto::X25519Key& probe = *new crypto::X25519Key(
      crypto::X25519Key::FromBytes(crypto::Secret<32>::FromBytes(
          std::array<std::uint8_t, 32>{1, 2, 3, 4})));
  crypto::X25519PublicKey key;
  std::ranges::copy(AsBytes(field), key.begin());
  return Annotate(probe.Agree(key).status(),
                  std::string("advertisement: its ") + what);
}

}  // namespace

absl::Status ServerSession::ReceiveAdvertisement(
    const v1::KeyAdvertisement& message, UnixTime now) {
  if (phase_ != Phase::kAdvertise) {
    // Repeating what was counted is fine; a late one is not.
    for (const Member& member : members_) {
      if (member.advertisement.signature() == message.signature()) {
        return absl::OkStatus();
      }
    }
    return absl::FailedPreconditionError("the cohort of this round is closed");
  }
  SOTTO_ASSIGN_OR_RETURN(
      const crypto::Certificate certificate,
      crypto::VerifyCertificate(AsBytes(message.certificate()), params_.issuer,
                                now));
  SOTTO_RETURN_IF_ERROR(CheckSignature(certificate.identity_key,
                                       AdvertisementBytes(message),
                                       message.signature(), "advertisement"));
  if (message.task() != params_.task || message.round() != params_.round ||
      !std::ranges::equal(AsBytes(message.round_id()), params_.round_id)) {
    return Malformed("advertisement: it is for another round");
  }
  if (!std::ranges::equal(AsBytes(message.model_hash()), params_.model_hash) ||
      !std::ranges::equal(AsBytes(message.plan_hash()), params_.plan_hash)) {
    return Malformed("advertisement: it is for another model or plan");
  }
  if (message.channel_key().size() != 32 || message.mask_key().size() != 32 ||
      message.nonce().size() != 32 ||
      message.channel_key() == message.mask_key()) {
    return Malformed("advertisement: keys or nonce are not 32 bytes each");
  }
  SOTTO_RETURN_IF_ERROR(CheckAgreement(message.channel_key(), "channel key"));
  SOTTO_RETURN_IF_ERROR(CheckAgreement(message.mask_key(), "mask key"));
  for (const auto& [id, other] : waiting_) {
    if (id == certificate.device_id) continue;
    for (const std::string& key : {other.channel_key(), other.mask_key()}) {
      if (key == message.channel_key() || key == message.mask_key()) {
        return absl::AlreadyExistsError(absl::StrFormat(
            "advertisement: device %s has one of its keys", HexEncode(id)));
      }
    }
  }
  const bool known = waiting_.count(certificate.device_id) != 0;
  if (!known && waiting_.size() >= params_.max_cohort) {
    return absl::FailedPreconditionError("the cohort of this round is full");
  }
  // A device that restarted has new keys; its last word counts.
  waiting_[certificate.device_id] = message;
  return absl::OkStatus();
}

absl::Status ServerSession::ReceiveShares(const crypto::DeviceId& device,
                                          const v1::EncryptedShares& message) {
  SOTTO_ASSIGN_OR_RETURN(const std::size_t index, IndexOf(device));
  Member& member = members_[index];
  if (member.has_shares && member.shares.signature() == message.signature()) {
    return absl::OkStatus();
  }
  SOTTO_RETURN_IF_ERROR(ExpectPhase(Phase::kShares));
  if (member.has_shares || member.dropped) {
    return absl::FailedPreconditionError(
        "shares: this member has sent others, or left");
  }
  SOTTO_RETURN_IF_ERROR(CheckSender(message.sender(), index));
  const std::vector<std::uint32_t>& near = near_[index];
  if (message.self_mask_commitment().size() != 32 ||
      static_cast<std::size_t>(message.shares_size()) != near.size()) {
    return Malformed(absl::StrFormat(
        "shares: %d of them for %d neighbours, or a bad commitment",
        message.shares_size(), static_cast<int>(near.size())));
  }
  for (std::size_t i = 0; i < near.size(); ++i) {
    const auto& share = message.shares(static_cast<int>(i));
    if (share.recipient() != near[i] || share.ciphertext().empty() ||
        share.ciphertext().size() > kMaxCiphertext) {
      return Malformed(absl::StrFormat(
          "shares: the one for member %d is bad, or not in order",
          share.recipient()));
    }
  }
  SOTTO_RETURN_IF_ERROR(CheckSignature(member.certificate.identity_key,
                                       SharesBytes(session_, message),
                                       message.signature(), "shares"));
  member.shares = message;
  member.has_shares = true;
  return absl::OkStatus();
}

absl::StatusOr<InputProgress> ServerSession::ReceiveInput(
    const crypto::DeviceId& device, const v1::MaskedInputChunk& message) {
  SOTTO_ASSIGN_OR_RETURN(const std::size_t index, IndexOf(device));
  Member& member = members_[index];
  if (member.has_input) return InputProgress{.complete = true};
  SOTTO_RETURN_IF_ERROR(ExpectPhase(Phase::kInputs));
  if (!IsExpected(member)) {
    return absl::FailedPreconditionError(
        "masked input: this member did not share its keys, or left");
  }
  SOTTO_RETURN_IF_ERROR(CheckSender(message.sender(), index));
  // The next element wanted, in the manifest's vector order.
  std::size_t at = 0;
  while (at < params_.vectors.size() &&
         member.partial[params_.vectors[at].name].size() ==
             params_.vectors[at].length) {
    ++at;
  }
  if (at == params_.vectors.size()) {
    // A whole input without a valid signature: start again.
    member.partial.clear();
    member.input_hash.emplace();
    at = 0;
  }
  const VectorSpec& spec = params_.vectors[at];
  std::vector<std::uint32_t>& partial = member.partial[spec.name];
  const InputProgress want = {
      .vector = spec.name,
      .next_offset = static_cast<std::uint32_t>(partial.size())};
  if (message.vector() != spec.name || message.offset() != partial.size()) {
    // Another place than we are at: tell where to go on, or refuse names that
    // the session does not have.
    const auto known =
        std::ranges::find(params_.vectors, message.vector(), &VectorSpec::name);
    if (known == params_.vectors.end() || message.offset() >= known->length) {
      return Malformed(absl::StrFormat(
          "masked input: vector '%s' at %d is not part of the session",
          message.vector(), static_cast<int>(message.offset())));
    }
    return want;
  }
  const ByteView bytes = AsBytes(message.elements());
  const std::size_t begin = partial.size(), left = spec.length - begin;
  const std::size_t count = std::min(left, bytes.size() * 8 / spec.bits);
  if (count == 0 || bytes.size() != PackedBytes(count, spec.bits) ||
      (count != left && count * spec.bits % 8 != 0)) {
    return Malformed(absl::StrFormat(
        "masked input: vector '%s' has %d elements of %d bits left, the chunk "
        "has %d bytes",
        spec.name, static_cast<int>(left), static_cast<int>(spec.bits),
        static_cast<int>(bytes.size())));
  }
  const bool ends = at + 1 == params_.vectors.size() && count == left;
  if (message.last() != ends) {
    return Malformed("masked input: 'last' is not at the last element");
  }
  partial.reserve(spec.length);
  partial.resize(begin + count);
  if (!Unpack(bytes, spec.bits, std::span(partial).subspan(begin))) {
    partial.resize(begin);
    return Malformed(absl::StrFormat(
        "masked input: vector '%s' ends in bits that are no element's",
        spec.name));
  }
  if (!member.input_hash) member.input_hash.emplace();
  member.input_hash->Update(bytes);
  if (ends) {
    SOTTO_RETURN_IF_ERROR(Finish(member, message));
    member.has_input = true;
    member.partial.clear();
    member.input_hash.reset();
    return InputProgress{.complete = true};
  }
  if (partial.size() == spec.length) {
    return InputProgress{.vector = params_.vectors[at + 1].name};
  }
  return InputProgress{
      .vector = spec.name,
      .next_offset = static_cast<std::uint32_t>(partial.size())};
}

absl::Status ServerSession::Finish(Member& member,
                                   const v1::MaskedInputChunk& last) {
  SOTTO_RETURN_IF_ERROR(CheckSignature(
      member.certificate.identity_key,
      InputBytes(session_, last.sender(), member.input_hash->Finish()),
      last.signature(), "masked input"));
  for (const VectorSpec& spec : params_.vectors) {
    const auto mask =
        static_cast<std::uint32_t>((std::uint64_t{1} << spec.bits) - 1);
    const std::span<std::uint32_t> sum = accumulator_[spec.name];
    const std::vector<std::uint32_t>& values = member.partial.at(spec.name);
    for (std::size_t i = 0; i < sum.size(); ++i) {
      sum[i] = (sum[i] + values[i]) & mask;
    }
  }
  return absl::OkStatus();
}

absl::Status ServerSession::ReceiveSurvivorSignature(
    const crypto::DeviceId& device, const v1::SurvivorSignature& message) {
  SOTTO_ASSIGN_OR_RETURN(const std::size_t index, IndexOf(device));
  Member& member = members_[index];
  if (!member.survivor_signature.empty() &&
      ToString(member.survivor_signature) == message.signature()) {
    return absl::OkStatus();
  }
  SOTTO_RETURN_IF_ERROR(ExpectPhase(Phase::kConsistency));
  if (!IsExpected(member)) {
    return absl::FailedPreconditionError(
        "survivor signature: this member is no survivor, or left");
  }
  SOTTO_RETURN_IF_ERROR(CheckSender(message.sender(), index));
  SOTTO_RETURN_IF_ERROR(CheckSignature(
      member.certificate.identity_key, ClientSurvivorBytes(session_, u3_),
      message.signature(), "survivor signature"));
  member.survivor_signature = ToBytes(message.signature());
  return absl::OkStatus();
}

absl::Status ServerSession::ReceiveUnmaskShares(
    const crypto::DeviceId& device, const v1::UnmaskShares& message) {
  SOTTO_ASSIGN_OR_RETURN(const std::size_t index, IndexOf(device));
  Member& member = members_[index];
  if (member.has_unmask && member.unmask.signature() == message.signature()) {
    return absl::OkStatus();
  }
  // Enough others may have answered before.
  if (phase_ == Phase::kFinished) return absl::OkStatus();
  SOTTO_RETURN_IF_ERROR(ExpectPhase(Phase::kUnmask));
  if (!IsExpected(member)) {
    return absl::FailedPreconditionError(
        "unmask shares: this member did not sign the survivor set, has too few "
        "neighbours that did, or left");
  }
  SOTTO_RETURN_IF_ERROR(CheckSender(message.sender(), index));
  // One for each neighbour in U2, ascending.
  auto wanted = near_[index].begin();
  const auto none = near_[index].end();
  const auto skip = [&] {
    while (wanted != none && !TestBit(u2_, *wanted)) ++wanted;
  };
  skip();
  for (const auto& share : message.shares()) {
    const std::uint32_t owner = share.owner();
    if (wanted == none || owner != *wanted) {
      return Malformed(absl::StrFormat(
          "unmask shares: the one of member %d is unexpected", owner));
    }
    ++wanted;
    skip();
    const auto kind = TestBit(u3_, owner) ? v1::UnmaskShares::SELF_MASK
                                          : v1::UnmaskShares::MASK_KEY;
    if (share.kind() != kind) {
      return Malformed(absl::StrFormat(
          "unmask shares: the one of member %d is of the other kind", owner));
    }
    SOTTO_RETURN_IF_ERROR(
        DecodeShare(AsBytes(share.share()), index + 1).status());
  }
  if (wanted != none) {
    return Malformed(
        absl::StrFormat("unmask shares: %d of them, member %d's is missing",
                        message.shares_size(), *wanted));
  }
  SOTTO_RETURN_IF_ERROR(CheckSignature(member.certificate.identity_key,
                                       UnmaskBytes(session_, message),
                                       message.signature(), "unmask shares"));
  member.unmask = message;
  member.has_unmask = true;
  return absl::OkStatus();
}

absl::Status ServerSession::ReceiveComplaint(const crypto::DeviceId& device,
                                             const v1::Complaint& message) {
  if (phase_ == Phase::kAdvertise) {
    waiting_.erase(device);
    return absl::OkStatus();
  }
  SOTTO_ASSIGN_OR_RETURN(const std::size_t index, IndexOf(device));
  Member& member = members_[index];
  SOTTO_RETURN_IF_ERROR(
      CheckSignature(member.certificate.identity_key,
                     ComplaintBytes(params_.round_id, message),
                     message.signature(), "complaint"));
  if (member.dropped || phase_ == Phase::kFinished ||
      phase_ == Phase::kFailed) {
    return absl::OkStatus();
  }
  member.complained = true;
  member.dropped = true;
  member.dropped_in = phase_;
  member.reason = message.reason().substr(0, kMaxReason);
  return absl::OkStatus();
}

}  // namespace sotto::secure_agg
