#include "model_store/container/container.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "base/status.h"
#include "crypto/hkdf.h"
#include "crypto/stream.h"
#include "flatbuffers/flatbuffers.h"
#include "proto/container/container_generated.h"

namespace sotto::model_store {
namespace {

constexpr std::array<std::uint8_t, 8> kMagic = {0x89, 'M',  'S',  'L',
                                                0x0d, 0x0a, 0x1a, 0x0a};
constexpr std::uint16_t kVersion = 1;
constexpr std::uint16_t kSuite = 1;
constexpr std::size_t kFixedBytes = 64;        // before the header
constexpr std::size_t kCommitmentOffset = 32;  // within them
constexpr std::size_t kMaxHeader = 65536;
constexpr std::size_t kMaxInner = 4096;
constexpr std::size_t kAlignment = 64;  // of the payload in the plaintext

void Put(Bytes& out, std::uint64_t value, int width) {
  for (int i = 0; i < width; ++i) {
    out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
}

std::uint64_t Get(ByteView bytes, std::size_t at, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    value |= static_cast<std::uint64_t>(bytes[at + i]) << (8 * i);
  }
  return value;
}

// HKDF info "mseal1 commit" || SHA-256(bytes 0..31 || header).
crypto::Secret<32> Commitment(const FileKey& key, ByteView nonce,
                              ByteView first32, ByteView header) {
  crypto::Sha256Hasher hasher;
  hasher.Update(first32);
  hasher.Update(header);
  const crypto::Sha256Digest digest = hasher.Finish();
  Bytes info = ToBytes("mseal1 commit");
  info.insert(info.end(), digest.begin(), digest.end());
  return crypto::HkdfKey(key.Reveal(), nonce, info);
}

Bytes EncodeHeader(const ContainerHeader& header, crypto::Rng& rng) {
  flatbuffers::FlatBufferBuilder builder;
  std::vector<std::uint8_t> id(16);
  rng.Fill(id);
  builder.Finish(container::CreateHeaderDirect(
      builder, header.alias.c_str(), &id,
      static_cast<container::Kind>(header.kind), header.created_ms));
  return {builder.GetBufferPointer(),
          builder.GetBufferPointer() + builder.GetSize()};
}

Bytes EncodeInner(ByteView payload) {
  const crypto::Sha512Digest digest = crypto::Sha512(payload);
  const std::vector<std::uint8_t> sha512(digest.begin(), digest.end());
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(
      container::CreateInnerDirect(builder, &sha512, payload.size()));
  Bytes out;
  Put(out, builder.GetSize(), 4);
  out.insert(out.end(), builder.GetBufferPointer(),
             builder.GetBufferPointer() + builder.GetSize());
  out.resize((out.size() + kAlignment - 1) / kAlignment * kAlignment, 0);
  return out;
}

struct Layout {
  std::size_t header_size;
  std::uint64_t plaintext_size;
  ByteView header, nonce, payload;
};

absl::StatusOr<Layout> Parse(ByteView bytes) {
  const auto bad = [](const std::string& what) {
    return absl::InvalidArgumentError("container: " + what);
  };
  if (bytes.size() < kFixedBytes ||
      !std::equal(kMagic.begin(), kMagic.end(), bytes.begin())) {
    return bad("it does not begin as an mseal file");
  }
  if (Get(bytes, 8, 2) != kVersion || Get(bytes, 10, 2) != kSuite) {
    return bad(absl::StrFormat("version %d suite %d, this build reads 1 and 1",
                               static_cast<int>(Get(bytes, 8, 2)),
                               static_cast<int>(Get(bytes, 10, 2))));
  }
  Layout layout = {};
  layout.header_size = Get(bytes, 12, 4);
  layout.plaintext_size = Get(bytes, 16, 8);
  const std::uint64_t payload_size = Get(bytes, 24, 8);
  if (layout.header_size > kMaxHeader ||
      layout.plaintext_size > std::uint64_t{1} << 40 ||
      payload_size != crypto::kStreamNonceBytes +
                          crypto::StreamSealedBytes(layout.plaintext_size)) {
    return bad("its lengths do not add up");
  }
  const std::uint64_t want = kFixedBytes + layout.header_size + payload_size;
  if (bytes.size() != want) {
    return bad(absl::StrFormat("it has %d bytes, its header says %d",
                               static_cast<std::int64_t>(bytes.size()),
                               static_cast<std::int64_t>(want)));
  }
  layout.header = bytes.subspan(kFixedBytes, layout.header_size);
  layout.nonce = bytes.subspan(kFixedBytes + layout.header_size,
                               crypto::kStreamNonceBytes);
  layout.payload = bytes.subspan(kFixedBytes + layout.header_size +
                                 crypto::kStreamNonceBytes);
  return layout;
}

absl::StatusOr<ContainerHeader> DecodeHeader(ByteView unaligned) {
  const Bytes bytes(unaligned.begin(), unaligned.end());
  flatbuffers::Verifier verifier(bytes.data(), bytes.size(), 8, 64);
  if (bytes.size() < 8 || !verifier.VerifyBuffer<container::Header>(nullptr)) {
    return absl::InvalidArgumentError("container: its header is malformed");
  }
  const auto* table = flatbuffers::GetRoot<container::Header>(bytes.data());
  ContainerHeader header;
  if (table->alias() != nullptr) header.alias = table->alias()->str();
  const auto kind = static_cast<std::uint8_t>(table->kind());
  if (header.alias.size() > 256 || kind > 1) {
    return absl::InvalidArgumentError(
        "container: its alias is too long or its kind is unknown");
  }
  header.kind = static_cast<ContainerKind>(kind);
  header.created_ms = table->created_ms();
  return header;
}

}  // namespace

std::uint64_t PaddedSize(std::uint64_t size) {
  if (size < 2) return size;
  const int exponent = std::bit_width(size) - 1;
  const int kept = std::bit_width(static_cast<unsigned>(exponent));
  if (exponent <= kept) return size;
  const std::uint64_t mask = (std::uint64_t{1} << (exponent - kept)) - 1;
  return (size + mask) & ~mask;
}

FileKey NewFileKey(crypto::Rng& rng) {
  FileKey key;
  rng.Fill(key.RevealMutable());
  return key;
}

crypto::Sha256Digest ContainerDigest(ByteView container) {
  return crypto::Sha256(container);
}

Bytes SealContainer(ByteView payload, const ContainerHeader& header,
                    const FileKey& file_key, crypto::Rng& rng) {
  Bytes plaintext = EncodeInner(payload);
  plaintext.insert(plaintext.end(), payload.begin(), payload.end());
  plaintext.resize(PaddedSize(plaintext.size()), 0);
  const Bytes public_header = EncodeHeader(header, rng);
  std::array<std::uint8_t, crypto::kStreamNonceBytes> nonce;
  rng.Fill(nonce);

  Bytes out(kMagic.begin(), kMagic.end());
  Put(out, kVersion, 2);
  Put(out, kSuite, 2);
  Put(out, public_header.size(), 4);
  Put(out, plaintext.size(), 8);
  Put(out, nonce.size() + crypto::StreamSealedBytes(plaintext.size()), 8);
  const auto commitment = Commitment(file_key, nonce, out, public_header);
  const auto revealed = commitment.Reveal();
  out.insert(out.end(), revealed.begin(), revealed.end());
  out.insert(out.end(), public_header.begin(), public_header.end());
  out.insert(out.end(), nonce.begin(), nonce.end());
  const Bytes sealed = crypto::Stream(crypto::StreamPayloadKey(file_key, nonce))
                           .SealAll(plaintext);
  out.insert(out.end(), sealed.begin(), sealed.end());
  crypto::Wipe(plaintext);
  return out;
}

absl::StatusOr<ContainerHeader> InspectContainer(ByteView container) {
  SOTTO_ASSIGN_OR_RETURN(const Layout layout, Parse(container));
  return DecodeHeader(layout.header);
}

absl::StatusOr<OpenedPayload> OpenContainer(ByteView container,
                                            const FileKey& file_key) {
  SOTTO_ASSIGN_OR_RETURN(const Layout layout, Parse(container));
  SOTTO_RETURN_IF_ERROR(DecodeHeader(layout.header).status());
  const auto commitment =
      Commitment(file_key, layout.nonce, container.first(kCommitmentOffset),
                 layout.header);
  if (!crypto::ConstantTimeEqual(commitment.Reveal(),
                                 container.subspan(kCommitmentOffset, 32))) {
    return absl::PermissionDeniedError(
        "container: the key is that of another container, or its header was "
        "changed");
  }
  SOTTO_ASSIGN_OR_RETURN(LockedMemory memory,
                         LockedMemory::Create(layout.plaintext_size));
  const crypto::Stream stream(crypto::StreamPayloadKey(file_key, layout.nonce));
  ByteView sealed = layout.payload;
  std::span<std::uint8_t> out = memory.bytes();
  const std::uint64_t chunks = crypto::StreamChunkCount(layout.plaintext_size);
  for (std::uint64_t i = 0; i < chunks; ++i) {
    const std::size_t size =
        std::min(sealed.size(), crypto::kStreamSealedChunkBytes);
    // On failure `memory` wipes what came before.
    SOTTO_RETURN_IF_ERROR(
        Annotate(stream.OpenChunk(i, i + 1 == chunks, sealed.first(size),
                                  out.first(size - crypto::kAeadTagBytes)),
                 "container"));
    sealed = sealed.subspan(size);
    out = out.subspan(size - crypto::kAeadTagBytes);
  }
  const ByteView plain = memory.bytes();
  const auto bad = absl::DataLossError("container: its inside is malformed");
  if (plain.size() < kAlignment) return bad;
  const std::uint64_t inner_size = Get(plain, 0, 4);
  if (inner_size > kMaxInner || inner_size + 4 > plain.size()) return bad;
  // Copied, since its numbers want an aligned start.
  const Bytes table(
      plain.begin() + 4,
      plain.begin() + 4 + static_cast<std::ptrdiff_t>(inner_size));
  flatbuffers::Verifier verifier(table.data(), table.size(), 8, 64);
  if (table.size() < 8 || !verifier.VerifyBuffer<container::Inner>(nullptr)) {
    return bad;
  }
  const auto* inner = flatbuffers::GetRoot<container::Inner>(table.data());
  const std::size_t begin =
      (4 + inner_size + kAlignment - 1) / kAlignment * kAlignment;
  if (inner->sha512() == nullptr || begin > plain.size() ||
      inner->length() > plain.size() - begin) {
    return bad;
  }
  // The tags vouch for the bytes; hashing them again at each load would cost
  // ten times the decryption. The digest is for applying deltas and for
  // evidence.
  return OpenedPayload(std::move(memory), begin, inner->length());
}

}  // namespace sotto::model_store
