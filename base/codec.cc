#include "base/codec.h"

#include <cassert>
#include <limits>

#include "base/status.h"

namespace sotto {

void Encoder::LittleEndian(std::uint64_t value, int width_bytes) {
  for (int i = 0; i < width_bytes; ++i) {
    bytes_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
}

Encoder& Encoder::U8(std::uint8_t value) {
  bytes_.push_back(value);
  return *this;
}
Encoder& Encoder::U16(std::uint16_t value) {
  LittleEndian(value, 2);
  return *this;
}
Encoder& Encoder::U32(std::uint32_t value) {
  LittleEndian(value, 4);
  return *this;
}
Encoder& Encoder::U64(std::uint64_t value) {
  LittleEndian(value, 8);
  return *this;
}
Encoder& Encoder::I64(std::int64_t value) {
  return U64(static_cast<std::uint64_t>(value));
}
Encoder& Encoder::Octets(ByteView value) {
  assert(value.size() <= std::numeric_limits<std::uint32_t>::max());
  U32(static_cast<std::uint32_t>(value.size()));
  bytes_.insert(bytes_.end(), value.begin(), value.end());
  return *this;
}

absl::StatusOr<std::uint64_t> Decoder::LittleEndian(int width_bytes,
                                                    std::string_view field) {
  const auto width = static_cast<std::size_t>(width_bytes);
  if (rest_.size() < width) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "field '%s' is cut short: %d bytes left, needs %d", std::string(field),
        static_cast<int>(rest_.size()), width_bytes));
  }
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    value |= static_cast<std::uint64_t>(rest_[i]) << (8 * i);
  }
  rest_ = rest_.subspan(width);
  return value;
}

absl::StatusOr<std::uint8_t> Decoder::U8(std::string_view field) {
  SOTTO_ASSIGN_OR_RETURN(const auto value, LittleEndian(1, field));
  return static_cast<std::uint8_t>(value);
}
absl::StatusOr<std::uint16_t> Decoder::U16(std::string_view field) {
  SOTTO_ASSIGN_OR_RETURN(const auto value, LittleEndian(2, field));
  return static_cast<std::uint16_t>(value);
}
absl::StatusOr<std::uint32_t> Decoder::U32(std::string_view field) {
  SOTTO_ASSIGN_OR_RETURN(const auto value, LittleEndian(4, field));
  return static_cast<std::uint32_t>(value);
}
absl::StatusOr<std::uint64_t> Decoder::U64(std::string_view field) {
  return LittleEndian(8, field);
}
absl::StatusOr<std::int64_t> Decoder::I64(std::string_view field) {
  SOTTO_ASSIGN_OR_RETURN(const auto value, LittleEndian(8, field));
  return static_cast<std::int64_t>(value);
}

absl::StatusOr<ByteView> Decoder::Octets(std::string_view field) {
  SOTTO_ASSIGN_OR_RETURN(const auto size, LittleEndian(4, field));
  if (rest_.size() < size) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "field '%s' claims %d bytes, %d are left", std::string(field),
        static_cast<std::int64_t>(size), static_cast<int>(rest_.size())));
  }
  const ByteView value = rest_.first(size);
  rest_ = rest_.subspan(size);
  return value;
}

absl::StatusOr<std::string> Decoder::Text(std::string_view field) {
  SOTTO_ASSIGN_OR_RETURN(const ByteView value, Octets(field));
  return ToString(value);
}

absl::Status Decoder::Tag(std::string_view domain_tag) {
  SOTTO_ASSIGN_OR_RETURN(const std::string tag, Text("domain tag"));
  if (tag != domain_tag) {
    return absl::InvalidArgumentError(
        absl::StrFormat("object is not a '%s'", std::string(domain_tag)));
  }
  return absl::OkStatus();
}

absl::Status Decoder::Finish() const {
  if (rest_.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat(
      "%d bytes follow the last field", static_cast<int>(rest_.size())));
}

}  // namespace sotto
