#include "tests/conformance/seeded_values.h"

#include <cstring>

namespace sotto::conformance {
namespace {

using runtime::ElementType;

template <typename T>
void Append(T value, Bytes& out) {
  const std::size_t at = out.size();
  out.resize(at + sizeof(T));
  std::memcpy(out.data() + at, &value, sizeof(T));
}

// Exact for 0 and for numbers of at most 11 significant bits between 2^-14 and
// 65504; no case has others.
std::uint16_t ToHalf(float value) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof(bits));
  const std::uint32_t sign = bits >> 16 & 0x8000u;
  if (value == 0.0f) return static_cast<std::uint16_t>(sign);
  const std::uint32_t exponent = (bits >> 23 & 0xFFu) - 127 + 15;
  const std::uint32_t mantissa = bits >> 13 & 0x3FFu;
  return static_cast<std::uint16_t>(sign | exponent << 10 | mantissa);
}

}  // namespace

void AppendElement(ElementType type, double value, Bytes& out) {
  switch (type) {
    case ElementType::kFloat32:
      return Append(static_cast<float>(value), out);
    case ElementType::kFloat16:
      return Append(ToHalf(static_cast<float>(value)), out);
    case ElementType::kInt32:
      return Append(static_cast<std::int32_t>(value), out);
    case ElementType::kInt64:
      return Append(static_cast<std::int64_t>(value), out);
    case ElementType::kInt16:
      return Append(static_cast<std::int16_t>(value), out);
    case ElementType::kInt8:
      return Append(static_cast<std::int8_t>(value), out);
    case ElementType::kUint8:
      return Append(static_cast<std::uint8_t>(value), out);
    case ElementType::kBool:
      return Append(static_cast<std::uint8_t>(value != 0.0), out);
    default:
      std::abort();  // no case draws any other type
  }
}

Bytes DrawElements(std::string_view name, ElementType type, std::size_t count,
                   double low, double high) {
  SeededValues values(name);
  Bytes out;
  for (std::size_t i = 0; i < count; ++i) {
    AppendElement(type,
                  type == ElementType::kFloat32
                      ? values.Real(low, high)
                      : static_cast<double>(
                            values.Whole(static_cast<std::int64_t>(low),
                                         static_cast<std::int64_t>(high))),
                  out);
  }
  return out;
}

Bytes DrawInt4(std::string_view name, std::size_t count) {
  SeededValues values(name);
  Bytes out((count + 1) / 2);
  for (std::size_t i = 0; i < count; ++i) {
    const auto nibble = static_cast<std::uint8_t>(values.Whole(-7, 7) & 15);
    out[i / 2] |= static_cast<std::uint8_t>(nibble << (i % 2 * 4));
  }
  return out;
}

}  // namespace sotto::conformance
