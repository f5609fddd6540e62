#include "secure_agg/masked_input.h"

#include <algorithm>
#include <span>
#include <utility>

#include "absl/strings/str_format.h"
#include "secure_agg/packing.h"
#include "secure_agg/signed_bytes.h"

namespace sotto::secure_agg {
namespace {

constexpr std::size_t kChunkElements =
    1 << 18;  // 1 MiB of 32 bits each; whole bytes of any

// A chunk of `values` from `offset` on.
std::string PackedFrom(std::span<const std::uint32_t> values,
                       std::size_t offset, std::uint32_t bits) {
  values =
      values.subspan(offset, std::min(kChunkElements, values.size() - offset));
  std::string out(PackedBytes(values.size(), bits), '\0');
  Pack(values, bits, {reinterpret_cast<std::uint8_t*>(out.data()), out.size()});
  return out;
}

}  // namespace

MaskedInput::MaskedInput(const SessionId& session, std::uint32_t sender,
                         ByteView members, std::vector<VectorSpec> vectors,
                         NamedVectors masked,
                         const crypto::SigningKey& identity)
    : sender_(sender),
      vectors_(std::move(vectors)),
      masked_(std::move(masked)) {
  crypto::Sha256Hasher hasher;
  for (const VectorSpec& spec : vectors_) {
    const std::vector<std::uint32_t>& values = masked_.at(spec.name);
    for (std::size_t at = 0; at < values.size(); at += kChunkElements) {
      hasher.Update(AsBytes(PackedFrom(values, at, spec.bits)));
    }
  }
  signature_ = identity.Sign(InputBytes(session, sender, hasher.Finish()));
  members_signature_ = identity.Sign(ClientMembersBytes(session, members));
}

absl::StatusOr<v1::MaskedInputChunk> MaskedInput::ChunkAt(
    std::string_view vector, std::uint32_t offset) const {
  const auto spec =
      vector.empty() ? vectors_.begin()
                     : std::ranges::find(vectors_, vector, &VectorSpec::name);
  if (spec == vectors_.end() || offset >= spec->length) {
    return absl::InvalidArgumentError(
        absl::StrFormat("the masked input has no element %d of a vector '%s'",
                        offset, std::string(vector)));
  }
  v1::MaskedInputChunk chunk;
  chunk.set_sender(sender_);
  chunk.set_vector(spec->name);
  chunk.set_offset(offset);
  *chunk.mutable_elements() =
      PackedFrom(masked_.at(spec->name), offset, spec->bits);
  if (spec + 1 == vectors_.end() && spec->length - offset <= kChunkElements) {
    chunk.set_last(true);
    chunk.set_signature(ToString(signature_));
    chunk.set_members_signature(ToString(members_signature_));
  }
  return chunk;
}

}  // namespace sotto::secure_agg
