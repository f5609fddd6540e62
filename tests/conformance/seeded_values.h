// Numbers that this test and make_goldens both draw, so that only outputs are
// stored. A stream is named by a text; its value i is splitmix64's:
//
//   seed = FNV-1a-64(name), z = seed + (i + 1) * 0x9E3779B97F4A7C15, mixed
//   whole number in [low, high]: low + z mod (high - low + 1)
//   real number in [low, high):  low + (high - low) * (z >> 40) / 2^24,
//   computed
//                                in double precision, rounded once to its type

#ifndef SOTTO_TESTS_CONFORMANCE_SEEDED_VALUES_H_
#define SOTTO_TESTS_CONFORMANCE_SEEDED_VALUES_H_

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "runtime/core/tensor.h"

namespace sotto::conformance {

class SeededValues {
 public:
  explicit SeededValues(std::string_view name) {
    for (const char c : name) {
      state_ = (state_ ^ static_cast<std::uint8_t>(c)) * 0x100000001B3u;
    }
  }
  std::uint64_t Next() {
    state_ += 0x9E3779B97F4A7C15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  double Real(double low, double high) {
    return low + (high - low) * (static_cast<double>(Next() >> 40) * 0x1p-24);
  }
  std::int64_t Whole(std::int64_t low, std::int64_t high) {
    const auto span = static_cast<std::uint64_t>(high - low) + 1;
    return low + static_cast<std::int64_t>(Next() % span);
  }

 private:
  std::uint64_t state_ = 0xCBF29CE484222325u;
};

// `count` elements of `type`, little-endian. Whole numbers for all but f32.
Bytes DrawElements(std::string_view name, runtime::ElementType type,
                   std::size_t count, double low, double high);

// Two a byte, the first in the low half, in [-7, 7].
Bytes DrawInt4(std::string_view name, std::size_t count);

// `value` as one element of `type`, appended to `out`.
void AppendElement(runtime::ElementType type, double value, Bytes& out);

}  // namespace sotto::conformance

#endif  // SOTTO_TESTS_CONFORMANCE_SEEDED_VALUES_H_
