// Every byte string of the protocol that is hashed or signed, in one place
// (docs/protocol/secure_aggregation.md, "Bytes").

#ifndef SOTTO_SECURE_AGG_SIGNED_BYTES_H_
#define SOTTO_SECURE_AGG_SIGNED_BYTES_H_

#include "base/bytes.h"
#include "crypto/sha2.h"
#include "secure_agg/session_types.h"

namespace sotto::secure_agg {

Bytes AdvertisementBytes(const v1::KeyAdvertisement& advertisement);
// SHA-256 of a member's leaf; the advertisement's own signature is inside.
crypto::Sha256Digest LeafHash(const v1::KeyAdvertisement& advertisement);
// Merkle root (RFC 6962 section 2.1 shape, own domain tags) over the leaves in
// roster order.
crypto::Sha256Digest KeyRoot(
    const std::vector<crypto::Sha256Digest>& leaf_hashes);

Bytes ManifestBytes(const v1::SessionManifest& manifest);
SessionId SessionIdOf(const v1::SessionManifest& manifest);

Bytes SharesBytes(const SessionId& session, const v1::EncryptedShares& shares);
Bytes DeliveryBytes(const SessionId& session, ByteView members);
Bytes InputBytes(const SessionId& session, std::uint32_t sender,
                 const crypto::Sha256Digest& input_hash);
Bytes ServerSurvivorBytes(const SessionId& session, ByteView survivors);
Bytes ClientMembersBytes(const SessionId& session, ByteView members);
Bytes ClientSurvivorBytes(const SessionId& session, ByteView members,
                          ByteView survivors);
Bytes UnmaskBytes(const SessionId& session, const v1::UnmaskShares& shares);
// Signed by the server for itself alone: the seed of its check of shares.
Bytes ShareCheckBytes(const SessionId& session);
Bytes ComplaintBytes(ByteView round_id, const v1::Complaint& complaint);

// h_u, the commitment to the self-mask seed.
crypto::Sha256Digest SelfMaskCommitment(const SessionId& session,
                                        ByteView seed);
// HKDF info of the channel key from `sender` to `recipient`.
Bytes ChannelInfo(const SessionId& session, std::uint32_t sender,
                  std::uint32_t recipient);
Bytes ShareAad(const SessionId& session, std::uint32_t sender,
               std::uint32_t recipient);
// HKDF info of the pair's mask seed: binds key root, model and plan.
Bytes MaskInfo(const SessionId& session, const v1::SessionManifest& manifest,
               std::uint32_t a, std::uint32_t b);

}  // namespace sotto::secure_agg

#endif  // SOTTO_SECURE_AGG_SIGNED_BYTES_H_
