// Byte strings: the owning type, views between std::string and octets, and hex.

#ifndef SOTTO_BASE_BYTES_H_
#define SOTTO_BASE_BYTES_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace sotto {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

// A view of the characters of `text`, valid as long as they are.
inline ByteView AsBytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view AsText(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes ToBytes(std::string_view text) {
  const ByteView view = AsBytes(text);
  return {view.begin(), view.end()};
}
inline std::string ToString(ByteView bytes) {
  return std::string(AsText(bytes));
}

// Lower-case hexadecimal.
std::string HexEncode(ByteView bytes);
inline std::string HexEncode(std::string_view bytes) {
  return HexEncode(AsBytes(bytes));
}

// Either case. INVALID_ARGUMENT: odd length or a character outside 0-9a-fA-F.
absl::StatusOr<Bytes> HexDecode(std::string_view hex);

}  // namespace sotto

#endif  // SOTTO_BASE_BYTES_H_
