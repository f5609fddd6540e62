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
// Of a stored input at a time; so many fill whole bytes at any width.
constexpr std::uint32_t kPieceElements = 1 << 14;

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

// How many elements a chunk from `first` on holds: whole bytes of them, or all
// that are left.
absl::StatusOr<std::uint32_t> CountElements(const VectorSpec& spec,
                                            std::uint32_t first,
                                            ByteView bytes) {
  const std::size_t left = spec.length - first;
  const std::size_t count = std::min(left, bytes.size() * 8 / spec.bits);
  if (count == 0 || bytes.size() != PackedBytes(count, spec.bits) ||
      (count != left && count * spec.bits % 8 != 0)) {
    return Malformed(absl::StrFormat(
        "masked input: vector '%s' has %d elements of %d bits left, the chunk "
        "has %d bytes",
        spec.name, static_cast<int>(left), static_cast<int>(spec.bits),
        static_cast<int>(bytes.size())));
  }
  const std::size_t used = count * spec.bits % 8;
  if (used != 0 && bytes.back() >> used != 0) {
    return Malformed(absl::StrFormat(
        "masked input: vector '%s' ends in bits that are no element's",
        spec.name));
  }
  return static_cast<std::uint32_t>(count);
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
    const auto sender =
        crypto::DecodeCertificate(AsBytes(message.certificate()));
    const auto index = sender.ok()
                           ? IndexOf(sender->device_id)
                           : absl::StatusOr<std::size_t>(sender.status());
    if (index.ok() &&
        members_[*index].advertisement.signature() == message.signature()) {
      return absl::OkStatus();
    }
    return absl::FailedPreconditionError("the cohort of this round is closed");
  }
  SOTTO_ASSIGN_OR_RETURN(
      const crypto::Certificate certificate,
      crypto::VerifyCertificate(AsBytes(message.certificate()), params_.issuer,
                                now));
  if (certificate.population != params_.population) {
    return absl::UnauthenticatedError(absl::StrFormat(
        "advertisement: device %s is of population '%s', the task is for '%s'",
        HexEncode(certificate.device_id), certificate.population,
        params_.population));
  }
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
  for (const std::string* key : {&message.channel_key(), &message.mask_key()}) {
    const auto owner = key_owners_.find(*key);
    if (owner != key_owners_.end() && owner->second != certificate.device_id) {
      return absl::AlreadyExistsError(
          absl::StrFormat("advertisement: device %s has one of its keys",
                          HexEncode(owner->second)));
    }
  }
  const bool known = waiting_.count(certificate.device_id) != 0;
  if (!known && waiting_.size() >= params_.max_cohort) {
    return absl::FailedPreconditionError("the cohort of this round is full");
  }
  // A device that restarted has new keys; its last word counts.
  StopWaiting(certificate.device_id);
  Wait(certificate.device_id, message);
  return absl::OkStatus();
}

void ServerSession::Wait(const crypto::DeviceId& device,
                         const v1::KeyAdvertisement& message) {
  key_owners_[message.channel_key()] = device;
  key_owners_[message.mask_key()] = device;
  waiting_[device] = message;
}

void ServerSession::StopWaiting(const crypto::DeviceId& device) {
  const auto found = waiting_.find(device);
  if (found == waiting_.end()) return;
  key_owners_.erase(found->second.channel_key());
  key_owners_.erase(found->second.mask_key());
  waiting_.erase(found);
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
  CountArrival();
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
  SOTTO_ASSIGN_OR_RETURN(const InputPlace at, PlaceOf(index));
  const VectorSpec& spec = params_.vectors[at.vector];
  if (message.vector() != spec.name || message.offset() != at.element) {
    // Another place than we are at: tell where to go on, or refuse names that
    // the session does not have.
    const auto known =
        std::ranges::find(params_.vectors, message.vector(), &VectorSpec::name);
    if (known == params_.vectors.end() || message.offset() >= known->length) {
      return Malformed(absl::StrFormat(
          "masked input: vector '%s' at %d is not part of the session",
          message.vector(), static_cast<int>(message.offset())));
    }
    return InputProgress{.vector = spec.name, .next_offset = at.element};
  }
  const ByteView bytes = AsBytes(message.elements());
  SOTTO_ASSIGN_OR_RETURN(const std::uint32_t count,
                         CountElements(spec, at.element, bytes));
  const std::uint32_t next = at.element + count;
  const bool ends =
      at.vector + 1 == params_.vectors.size() && next == spec.length;
  if (message.last() != ends) {
    return Malformed("masked input: 'last' is not at the last element");
  }
  SOTTO_RETURN_IF_ERROR(
      store_->Append(static_cast<std::uint32_t>(index), bytes));
  if (ends) {
    const absl::Status finished = Finish(index, message);
    // Without a valid signature the upload starts again.
    store_->Drop(static_cast<std::uint32_t>(index));
    SOTTO_RETURN_IF_ERROR(finished);
    member.has_input = true;
    CountArrival();
    return InputProgress{.complete = true};
  }
  if (next == spec.length) {
    return InputProgress{.vector = params_.vectors[at.vector + 1].name};
  }
  return InputProgress{.vector = spec.name, .next_offset = next};
}

// What is stored is each vector's elements, packed, one vector after another;
// of all chunks but a vector's last the bits fill whole bytes.
absl::StatusOr<ServerSession::InputPlace> ServerSession::PlaceOf(
    std::size_t index) {
  const auto member = static_cast<std::uint32_t>(index);
  SOTTO_ASSIGN_OR_RETURN(std::uint64_t left, store_->Size(member));
  for (std::size_t i = 0; i < params_.vectors.size(); ++i) {
    const VectorSpec& spec = params_.vectors[i];
    const std::uint64_t whole = PackedBytes(spec.length, spec.bits);
    if (left >= whole) {
      left -= whole;
      continue;
    }
    if (left * 8 % spec.bits != 0) break;
    return InputPlace{
        .vector = i,
        .element = static_cast<std::uint32_t>(left * 8 / spec.bits)};
  }
  // Torn by a crash, or whole and not counted: the upload starts again.
  store_->Drop(member);
  return InputPlace{};
}

// A piece at a time: body(vector, first element, their number, packed bytes).
template <typename Body>
absl::Status ServerSession::ReadInput(std::size_t index, const Body& body) {
  std::vector<std::uint8_t> piece(PackedBytes(kPieceElements, 32));
  std::uint64_t offset = 0;
  for (const VectorSpec& spec : params_.vectors) {
    for (std::uint32_t first = 0; first < spec.length;
         first += kPieceElements) {
      const std::uint32_t count = std::min(kPieceElements, spec.length - first);
      const auto bytes = std::span(piece).first(PackedBytes(count, spec.bits));
      SOTTO_RETURN_IF_ERROR(
          store_->Read(static_cast<std::uint32_t>(index), offset, bytes));
      body(spec, first, count, ByteView(bytes));
      offset += bytes.size();
    }
  }
  return absl::OkStatus();
}

absl::Status ServerSession::Finish(std::size_t index,
                                   const v1::MaskedInputChunk& last) {
  Member& member = members_[index];
  SOTTO_RETURN_IF_ERROR(CheckSignature(
      member.certificate.identity_key, ClientMembersBytes(session_, u2_),
      last.members_signature(), "masked input: members"));
  crypto::Sha256Hasher hasher;
  SOTTO_RETURN_IF_ERROR(
      ReadInput(index, [&](const VectorSpec&, std::uint32_t, std::uint32_t,
                           ByteView bytes) { hasher.Update(bytes); }));
  SOTTO_RETURN_IF_ERROR(
      CheckSignature(member.certificate.identity_key,
                     InputBytes(session_, last.sender(), hasher.Finish()),
                     last.signature(), "masked input"));
  std::vector<std::uint32_t> values(kPieceElements);
  const absl::Status added =
      ReadInput(index, [&](const VectorSpec& spec, std::uint32_t first,
                           std::uint32_t count, ByteView bytes) {
        const auto mask =
            static_cast<std::uint32_t>((std::uint64_t{1} << spec.bits) - 1);
        const auto piece = std::span(values).first(count);
        // Bits beyond the last element were refused when they came.
        (void)Unpack(bytes, spec.bits, piece);
        std::uint32_t* sum = accumulator_[spec.name].data() + first;
        for (std::size_t i = 0; i < count; ++i) {
          sum[i] = (sum[i] + piece[i]) & mask;
        }
      });
  member.members_signature = ToBytes(last.members_signature());
  if (added.ok()) return added;
  // A part of the input is in the sum, and what it was is no longer known.
  return Fail("an input could be read once and not again: " +
              std::string(added.message()));
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
      member.certificate.identity_key, ClientSurvivorBytes(session_, u2_, u3_),
      message.signature(), "survivor signature"));
  member.survivor_signature = ToBytes(message.signature());
  CountArrival();
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
  CountArrival();
  for (const std::uint32_t owner : near_[index]) ++members_[owner].revealed;
  return absl::OkStatus();
}

absl::Status ServerSession::ReceiveComplaint(const crypto::DeviceId& device,
                                             const v1::Complaint& message) {
  if (phase_ == Phase::kAdvertise) {
    StopWaiting(device);
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
  counts_.reset();
  member.complained = true;
  member.dropped = true;
  member.dropped_in = phase_;
  member.reason = message.reason().substr(0, kMaxReason);
  return absl::OkStatus();
}

}  // namespace sotto::secure_agg
