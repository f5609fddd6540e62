// The one oracle of the tests of operators that move elements: every element of
// y, by its full index, is the element of x that a formula names.

#ifndef SOTTO_RUNTIME_KERNELS_MOVEMENT_MOVEMENT_TEST_SUPPORT_H_
#define SOTTO_RUNTIME_KERNELS_MOVEMENT_MOVEMENT_TEST_SUPPORT_H_

#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/kernel_runner.h"

namespace sotto::runtime {

using Index = std::vector<std::int64_t>;
using Words = std::vector<std::uint64_t>;

// One type of each width, and those that are quantised.
inline constexpr ElementType kWidths[] = {
    ElementType::kFloat32, ElementType::kInt64,    ElementType::kInt16,
    ElementType::kInt8,    ElementType::kUint8,    ElementType::kBool,
    ElementType::kFloat16, ElementType::kComplex64};

// The elements' bits.
inline Words WordsOf(const TestTensor& t) {
  const std::size_t width = ElementBytes(t.tensor.type);
  Words words(t.tensor.shape.Elements(), 0);
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::memcpy(&words[i], t.tensor.as<const std::uint8_t>() + i * width,
                width);
  }
  return words;
}

// Elements that tell their position, as far as their width allows.
inline TestTensor Numbered(ElementType type, const Shape& shape,
                           std::uint64_t start = 1) {
  const std::size_t width = ElementBytes(type);
  std::vector<std::uint8_t> bytes(shape.Elements() * width);
  for (std::size_t i = 0; i < shape.Elements(); ++i) {
    const std::uint64_t word = (start + i) * 0x9E3779B97F4A7C15u >> 3;
    std::memcpy(bytes.data() + i * width, &word, width);
  }
  return TestTensor::Of(type, shape, bytes);
}

inline TestTensor Longs(const Shape& shape,
                        const std::vector<std::int64_t>& values,
                        bool constant = true) {
  return TestTensor::Of(ElementType::kInt64, shape, values, constant);
}

// An int32 vector.
inline TestTensor List(const std::vector<std::int32_t>& values,
                       bool constant = true) {
  return TestTensor::Ints({1, {static_cast<std::int32_t>(values.size())}},
                          values, constant);
}
inline TestTensor Scalar(std::int32_t value, bool constant = true) {
  return TestTensor::Ints({}, {value}, constant);
}

inline TestTensor Output(ElementType type) {
  TestTensor y;
  y.tensor.type = type;
  y.memory = std::make_shared<GuardedBytes>();
  return y;
}

inline std::size_t PositionOf(const Shape& shape, const Index& at) {
  std::size_t position = 0;
  for (std::size_t i = 0; i < shape.rank; ++i) {
    EXPECT_GE(at[i], 0);
    EXPECT_LT(at[i], shape[i]);
    position = position * static_cast<std::size_t>(shape[i]) +
               static_cast<std::size_t>(at[i]);
  }
  return position;
}

inline Index IndexOf(const Shape& shape, std::size_t position) {
  Index at(shape.rank);
  for (std::size_t i = shape.rank; i-- > 0;) {
    const auto size = static_cast<std::size_t>(shape[i]);
    at[i] = static_cast<std::int64_t>(position % size);
    position /= size;
  }
  return at;
}

// Where an element of y comes from; nothing: it is `other`.
using Source = std::function<std::optional<Index>(const Index&)>;

inline void ExpectMoved(const TestTensor& x, const TestTensor& y,
                        const Shape& shape, const Source& source,
                        std::uint64_t other = 0) {
  ASSERT_EQ(y.tensor.shape, shape);
  const Words from = WordsOf(x), to = WordsOf(y);
  for (std::size_t i = 0; i < to.size(); ++i) {
    const std::optional<Index> at = source(IndexOf(shape, i));
    ASSERT_EQ(to[i], at ? from[PositionOf(x.tensor.shape, *at)] : other)
        << "element " << i;
  }
}

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_MOVEMENT_MOVEMENT_TEST_SUPPORT_H_
