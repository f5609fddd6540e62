// The one encoding of everything that Sotto hashes or signs
// (docs/formats/codec.md). Injective: two different field lists never encode to
// the same bytes, because every field carries its width or its length.
//
//   text, bytes   u32 length, then the octets
//   u8 u16 u32 u64, i64   little-endian, two's complement
//   list          u32 count, then the items
//
// Encoder starts with a domain tag, such as "sotto/manifest/v1", written as
// text, so a signature over one kind of object never fits another.
//
// Decoder is total: any input yields a value or INVALID_ARGUMENT that names the
// field; it allocates at most the size of its input.

#ifndef SOTTO_BASE_CODEC_H_
#define SOTTO_BASE_CODEC_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/bytes.h"

namespace sotto {

class Encoder {
 public:
  explicit Encoder(std::string_view domain_tag) { Text(domain_tag); }

  Encoder& U8(std::uint8_t value);
  Encoder& U16(std::uint16_t value);
  Encoder& U32(std::uint32_t value);
  Encoder& U64(std::uint64_t value);
  Encoder& I64(std::int64_t value);
  // Length must be below 2^32.
  Encoder& Octets(ByteView value);
  Encoder& Octets(std::string_view value) { return Octets(AsBytes(value)); }
  Encoder& Text(std::string_view value) { return Octets(AsBytes(value)); }

  const Bytes& bytes() const { return bytes_; }
  Bytes Take() && { return std::move(bytes_); }

 private:
  void LittleEndian(std::uint64_t value, int width_bytes);

  Bytes bytes_;
};

class Decoder {
 public:
  // `bytes` is borrowed for the life of the decoder.
  explicit Decoder(ByteView bytes) : rest_(bytes) {}

  // INVALID_ARGUMENT when the next field is not exactly `domain_tag`.
  absl::Status Tag(std::string_view domain_tag);

  // Each names `field` in its error when too few bytes remain.
  absl::StatusOr<std::uint8_t> U8(std::string_view field);
  absl::StatusOr<std::uint16_t> U16(std::string_view field);
  absl::StatusOr<std::uint32_t> U32(std::string_view field);
  absl::StatusOr<std::uint64_t> U64(std::string_view field);
  absl::StatusOr<std::int64_t> I64(std::string_view field);
  // A view into the decoder's input.
  absl::StatusOr<ByteView> Octets(std::string_view field);
  absl::StatusOr<std::string> Text(std::string_view field);

  // INVALID_ARGUMENT when bytes are left over.
  absl::Status Finish() const;

 private:
  absl::StatusOr<std::uint64_t> LittleEndian(int width_bytes,
                                             std::string_view field);

  ByteView rest_;
};

}  // namespace sotto

#endif  // SOTTO_BASE_CODEC_H_
