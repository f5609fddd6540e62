#include "runtime/kernels/movement/block_copy.h"

#include <algorithm>
#include <cstring>

namespace sotto::runtime {
namespace {

constexpr std::size_t kMaxUnit = 16;  // bytes that one move carries
constexpr std::size_t kTile = 16;     // rows and columns of a transposed block

using Bytes = std::uint8_t;

std::ptrdiff_t Signed(std::size_t value) {
  return static_cast<std::ptrdiff_t>(value);
}

// One element of kUnit bytes; 0: of `unit` bytes.
template <std::size_t kUnit>
void Move(const Bytes* from, Bytes* to, std::size_t unit) {
  std::memcpy(to, from, kUnit > 0 ? kUnit : unit);
}

}  // namespace

void BlockCopy::Add(std::size_t size, std::ptrdiff_t from_step,
                    std::ptrdiff_t to_step) {
  if (size == 0) empty_ = true;
  // Behind a size of 0 strides may be anything.
  if (empty_ || size <= 1) return;
  const std::ptrdiff_t from = from_step * Signed(unit_);
  const std::ptrdiff_t to = to_step * Signed(unit_);
  if (rank_ > 0) {
    Dimension& outer = dims_[rank_ - 1];
    if (outer.from == from * Signed(size) && outer.to == to * Signed(size)) {
      outer = {outer.size * size, from, to};
      return;
    }
  }
  dims_[rank_++] = {size, from, to};
}

// The dimensions that are left when the innermost is folded into the unit, as
// far as it is contiguous on both sides.
struct BlockCopy::Nest {
  explicit Nest(const BlockCopy& block)
      : unit(block.unit_), rank(block.rank_), dims(block.dims_) {
    if (rank > 0 && dims[rank - 1].from == Signed(unit) &&
        dims[rank - 1].to == Signed(unit)) {
      unit *= dims[--rank].size;
    }
    // Where the innermost dimension strides through `from` and another is
    // contiguous there, the two are walked in square blocks: each touched
    // cache line serves a whole row of the block.
    if (rank < 2 || unit > kMaxUnit || dims[rank - 1].from == Signed(unit)) {
      return;
    }
    for (std::size_t i = 0; i + 1 < rank; ++i) {
      if (dims[i].from == Signed(unit)) {
        std::rotate(dims.data() + i, dims.data() + i + 1,
                    dims.data() + (rank - 1));
        transposed = true;
      }
    }
  }

  void Run(const Bytes* from, Bytes* to) const {
    switch (unit) {
      case 1:
        return Outer<1>(0, from, to);
      case 2:
        return Outer<2>(0, from, to);
      case 4:
        return Outer<4>(0, from, to);
      case 8:
        return Outer<8>(0, from, to);
      case kMaxUnit:
        return Outer<kMaxUnit>(0, from, to);
      default:
        return Outer<0>(0, from, to);
    }
  }

  template <std::size_t kUnit>
  void Outer(std::size_t k, const Bytes* from, Bytes* to) const {
    if (k == rank) return Move<kUnit>(from, to, unit);
    const Dimension& d = dims[k];
    if (k + 1 == rank) {
      for (std::size_t i = 0; i < d.size; ++i) {
        Move<kUnit>(from + Signed(i) * d.from, to + Signed(i) * d.to, unit);
      }
      return;
    }
    if (transposed && k + 2 == rank) return Square<kUnit>(from, to);
    for (std::size_t i = 0; i < d.size; ++i) {
      Outer<kUnit>(k + 1, from + Signed(i) * d.from, to + Signed(i) * d.to);
    }
  }

  template <std::size_t kUnit>
  void Square(const Bytes* from, Bytes* to) const {
    const Dimension &a = dims[rank - 2], &b = dims[rank - 1];
    for (std::size_t i0 = 0; i0 < a.size; i0 += kTile) {
      const std::size_t i1 = std::min(i0 + kTile, a.size);
      for (std::size_t j0 = 0; j0 < b.size; j0 += kTile) {
        const std::size_t j1 = std::min(j0 + kTile, b.size);
        for (std::size_t i = i0; i < i1; ++i) {
          for (std::size_t j = j0; j < j1; ++j) {
            Move<kUnit>(from + Signed(i) * a.from + Signed(j) * b.from,
                        to + Signed(i) * a.to + Signed(j) * b.to, unit);
          }
        }
      }
    }
  }

  std::size_t unit, rank;
  bool transposed = false;
  std::array<Dimension, kMaxRank> dims;
};

void BlockCopy::Run(const void* from, void* to) const {
  if (empty_) return;
  Nest(*this).Run(static_cast<const Bytes*>(from), static_cast<Bytes*>(to));
}

std::array<std::ptrdiff_t, Shape::kMaxRank> StridesOf(const Shape& shape) {
  std::array<std::ptrdiff_t, Shape::kMaxRank> strides = {};
  for (std::size_t i = 0; i < shape.rank; ++i) {
    strides[i] = Signed(shape.ElementsFrom(i + 1));
  }
  return strides;
}

}  // namespace sotto::runtime
