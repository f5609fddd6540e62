// Bytes to a small network: operators of every kind on tensors that often fit
// and sometimes do not. The same bytes give the same network.

#ifndef SOTTO_TESTS_FUZZ_RANDOM_MODEL_H_
#define SOTTO_TESTS_FUZZ_RANDOM_MODEL_H_

#include <cstdint>

#include "base/bytes.h"
#include "runtime/loader/model.h"

namespace sotto::runtime {

// Reads choices; zeros after the end.
class Choices {
 public:
  explicit Choices(ByteView bytes) : bytes_(bytes) {}

  std::uint8_t Octet() {
    if (bytes_.empty()) return 0;
    const std::uint8_t value = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return value;
  }
  // In [low, high].
  std::int32_t Int(std::int32_t low, std::int32_t high) {
    return low + Octet() % (high - low + 1);
  }
  // True in one of `of` cases.
  bool OneIn(int of) { return Octet() % of == of - 1; }
  template <typename T, std::size_t n>
  T OneOf(const T (&list)[n]) {
    return list[Octet() % n];
  }
  bool done() const { return bytes_.empty(); }

 private:
  ByteView bytes_;
};

// Up to five operators, and a second subgraph for IF. No WHILE, which may run
// for ever.
Model RandomModel(Choices& choices);

}  // namespace sotto::runtime

#endif  // SOTTO_TESTS_FUZZ_RANDOM_MODEL_H_
