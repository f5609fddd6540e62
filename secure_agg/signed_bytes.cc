#include "secure_agg/signed_bytes.h"

#include <algorithm>
#include <bit>

#include "base/codec.h"
#include "secure_agg/graph/key_tree.h"

namespace sotto::secure_agg {

Bytes AdvertisementBytes(const v1::KeyAdvertisement& a) {
  Encoder e("sotto/secagg/advertise/v1");
  e.Octets(a.certificate()).Octets(a.channel_key()).Octets(a.mask_key());
  e.Octets(a.nonce()).Octets(a.round_id()).Text(a.task()).U64(a.round());
  e.Octets(a.model_hash()).Octets(a.plan_hash());
  return std::move(e).Take();
}

crypto::Sha256Digest LeafHash(const v1::KeyAdvertisement& advertisement) {
  Encoder e("sotto/secagg/leaf/v1");
  e.Octets(AdvertisementBytes(advertisement)).Octets(advertisement.signature());
  return crypto::Sha256(e.bytes());
}

crypto::Sha256Digest KeyRoot(
    const std::vector<crypto::Sha256Digest>& leaf_hashes) {
  return KeyTree(leaf_hashes).root();
}

Bytes ManifestBytes(const v1::SessionManifest& m) {
  Encoder e("sotto/secagg/manifest/v1");
  e.U32(m.protocol_version()).Text(m.task()).U64(m.round());
  e.Octets(m.round_id());
  e.U32(static_cast<std::uint32_t>(m.vectors_size()));
  for (const auto& v : m.vectors()) {
    e.Text(v.name()).U32(v.length()).U32(v.bits()).U64(v.bound());
    e.U8(v.modular() ? 1 : 0);
  }
  e.U32(m.cohort_size()).U32(m.neighbours()).U32(m.threshold());
  e.U32(m.min_survivors());
  e.U64(std::bit_cast<std::uint64_t>(m.corrupted_fraction()));
  e.U64(std::bit_cast<std::uint64_t>(m.dropout_fraction()));
  e.Octets(m.model_hash()).Octets(m.plan_hash());
  e.Octets(m.previous_model_hash()).Octets(m.key_root());
  e.I64(m.deadline_ms()).Text(m.prg());
  return std::move(e).Take();
}

SessionId SessionIdOf(const v1::SessionManifest& manifest) {
  Encoder e("sotto/secagg/session/v1");
  e.Octets(ManifestBytes(manifest));
  return crypto::Sha256(e.bytes());
}

Bytes SharesBytes(const SessionId& session, const v1::EncryptedShares& s) {
  Encoder e("sotto/secagg/shares/v1");
  e.Octets(session).U32(s.sender()).Octets(s.self_mask_commitment());
  e.U32(static_cast<std::uint32_t>(s.shares_size()));
  for (const auto& share : s.shares()) {
    e.U32(share.recipient()).Octets(share.ciphertext());
  }
  return std::move(e).Take();
}

Bytes DeliveryBytes(const SessionId& session, ByteView members) {
  Encoder e("sotto/secagg/u2/v1");
  e.Octets(session).Octets(members);
  return std::move(e).Take();
}

Bytes InputBytes(const SessionId& session, std::uint32_t sender,
                 const crypto::Sha256Digest& input_hash) {
  Encoder e("sotto/secagg/input/v1");
  e.Octets(session).U32(sender).Octets(input_hash);
  return std::move(e).Take();
}

Bytes ServerSurvivorBytes(const SessionId& session, ByteView survivors) {
  Encoder e("sotto/secagg/u3-server/v1");
  e.Octets(session).Octets(survivors);
  return std::move(e).Take();
}

Bytes ClientMembersBytes(const SessionId& session, ByteView members) {
  return Encoder("sotto/secagg/u2-client/v1")
      .Octets(session)
      .Octets(members)
      .bytes();
}

Bytes ClientSurvivorBytes(const SessionId& session, ByteView members,
                          ByteView survivors) {
  return Encoder("sotto/secagg/u3/v2")
      .Octets(session)
      .Octets(members)
      .Octets(survivors)
      .bytes();
}

Bytes UnmaskBytes(const SessionId& session, const v1::UnmaskShares& s) {
  Encoder e("sotto/secagg/unmask/v1");
  e.Octets(session).U32(s.sender());
  e.U32(static_cast<std::uint32_t>(s.shares_size()));
  for (const auto& share : s.shares()) {
    e.U32(share.owner()).U8(static_cast<std::uint8_t>(share.kind()));
    e.Octets(share.share());
  }
  return std::move(e).Take();
}

Bytes ShareCheckBytes(const SessionId& session) {
  Encoder e("sotto/secagg/share-check/v1");
  e.Octets(session);
  return std::move(e).Take();
}

Bytes ComplaintBytes(ByteView round_id, const v1::Complaint& c) {
  Encoder e("sotto/secagg/complaint/v1");
  e.Octets(round_id).U32(c.sender()).I64(c.accused()).U32(c.code());
  e.Text(c.reason());
  return std::move(e).Take();
}

crypto::Sha256Digest SelfMaskCommitment(const SessionId& session,
                                        ByteView seed) {
  Encoder e("sotto/secagg/self-mask/v1");
  e.Octets(session).Octets(seed);
  return crypto::Sha256(e.bytes());
}

Bytes ChannelInfo(const SessionId& session, std::uint32_t sender,
                  std::uint32_t recipient) {
  Encoder e("sotto/secagg/channel/v1");
  e.Octets(session).U32(sender).U32(recipient);
  return std::move(e).Take();
}

Bytes ShareAad(const SessionId& session, std::uint32_t sender,
               std::uint32_t recipient) {
  Encoder e("sotto/secagg/share-aad/v1");
  e.Octets(session).U32(sender).U32(recipient);
  return std::move(e).Take();
}

Bytes MaskInfo(const SessionId& session, const v1::SessionManifest& m,
               std::uint32_t a, std::uint32_t b) {
  Encoder e("sotto/secagg/mask/v1");
  e.Octets(session).Octets(m.key_root()).Octets(m.model_hash());
  e.Octets(m.plan_hash()).U32(std::min(a, b)).U32(std::max(a, b));
  return std::move(e).Take();
}

}  // namespace sotto::secure_agg
