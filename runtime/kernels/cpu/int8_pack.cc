#include "runtime/kernels/cpu/int8_pack.h"

#include "runtime/kernels/cpu/int8_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/kernels/cpu/int8_pack.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include <algorithm>
#include <cstring>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace sotto::runtime {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR
using Bytes16 = hn::Full128<std::uint8_t>;
using Words4 = hn::Full128<std::uint32_t>;

// Rows [0, 4) of 16 bytes into four quads, rows being lanes of each.
HWY_INLINE void PackBlock(const std::uint8_t* from, std::size_t row_step,
                          std::uint8_t flip, std::uint8_t* to) {
  const Bytes16 d8;
  const Words4 d;
  const hn::Repartition<std::uint64_t, Words4> d64;
  const auto mask = hn::Set(d8, flip);
  const auto row = [&](std::size_t r) HWY_ATTR {
    return hn::BitCast(d, hn::Xor(hn::LoadU(d8, from + r * row_step), mask));
  };
  const auto r0 = row(0), r1 = row(1), r2 = row(2), r3 = row(3);
  const auto lower01 = hn::BitCast(d64, hn::InterleaveLower(d, r0, r1));
  const auto upper01 = hn::BitCast(d64, hn::InterleaveUpper(d, r0, r1));
  const auto lower23 = hn::BitCast(d64, hn::InterleaveLower(d, r2, r3));
  const auto upper23 = hn::BitCast(d64, hn::InterleaveUpper(d, r2, r3));
  const auto store = [&](auto quad, std::size_t i) HWY_ATTR {
    hn::StoreU(hn::BitCast(d8, quad), d8, to + i * (4 * kInt8Panel));
  };
  store(hn::InterleaveLower(d64, lower01, lower23), 0);
  store(hn::InterleaveUpper(d64, lower01, lower23), 1);
  store(hn::InterleaveLower(d64, upper01, upper23), 2);
  store(hn::InterleaveUpper(d64, upper01, upper23), 3);
}
#endif  // HWY_TARGET != HWY_SCALAR

// Bytes [begin, size) of one row, begin a multiple of 4.
void PackRest(const std::uint8_t* row, std::size_t begin, std::size_t size,
              std::uint8_t flip, std::uint8_t* to) {
  const std::uint32_t mask = flip * 0x01010101u;
  std::size_t i = begin;
  for (; i + 4 <= size; i += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, row + i, 4);
    word ^= mask;
    std::memcpy(to + i * kInt8Panel, &word, 4);
  }
  if (i == size) return;
  std::uint8_t* quad = to + i * kInt8Panel;
  std::memset(quad, 0, 4);
  for (; i < size; ++i) *quad++ = static_cast<std::uint8_t>(row[i] ^ flip);
}

#if HWY_TARGET != HWY_SCALAR
// Adds the weights' sums, as many whole vectors as there are from `*i` on.
template <class D>
HWY_INLINE void AddVectors(D d, const std::uint8_t* weights, std::size_t size,
                           Int8Stored stored, std::size_t* i,
                           Int8WeightSums* sums) {
  const std::size_t lanes = hn::Lanes(d);
  if (size - *i < lanes) return;
  const hn::Repartition<std::uint64_t, D> d64;
  const auto mask = hn::Set(d, stored.flip), zero = hn::Set(d, stored.zero);
  auto positive = hn::Zero(d64), negative = hn::Zero(d64);
  for (; size - *i >= lanes; *i += lanes) {
    const auto u = hn::Xor(hn::LoadU(d, weights + *i), mask);
    positive = hn::Add(positive, hn::SumsOf8(hn::SaturatedSub(u, zero)));
    negative = hn::Add(negative, hn::SumsOf8(hn::SaturatedSub(zero, u)));
  }
  sums->positive +=
      static_cast<std::int64_t>(hn::GetLane(hn::SumOfLanes(d64, positive)));
  sums->negative -=
      static_cast<std::int64_t>(hn::GetLane(hn::SumOfLanes(d64, negative)));
}
#endif

Int8WeightSums SumWeights(const std::uint8_t* weights, std::size_t size,
                          Int8Stored stored) {
  Int8WeightSums sums;
  std::size_t i = 0;
#if HWY_TARGET != HWY_SCALAR
  AddVectors(hn::ScalableTag<std::uint8_t>(), weights, size, stored, &i, &sums);
  AddVectors(Bytes16(), weights, size, stored, &i, &sums);
#endif
  for (; i < size; ++i) {
    const int value = (weights[i] ^ stored.flip) - stored.zero;
    (value < 0 ? sums.negative : sums.positive) += value;
  }
  return sums;
}

void PackQuads(const std::uint8_t* rows, std::size_t row_step,
               std::size_t count, std::size_t size, std::uint8_t flip,
               std::uint8_t* quads) {
  if (count < kInt8Panel) {
    std::memset(quads, 0, (size + 3) / 4 * (4 * kInt8Panel));
  }
  std::size_t fours = 0, chunks = 0;
#if HWY_TARGET != HWY_SCALAR
  fours = count / 4 * 4;
  chunks = size / 16 * 16;
  // A line of each row after the other: rows whose distance is a power of two
  // would evict each other.
  constexpr std::size_t kLine = 64;
  for (std::size_t line = 0; line < chunks; line += kLine) {
    const std::size_t end = std::min(line + kLine, chunks);
    for (std::size_t r = 0; r < fours; r += 4) {
      for (std::size_t i = line; i < end; i += 16) {
        PackBlock(rows + r * row_step + i, row_step, flip,
                  quads + i * kInt8Panel + r * 4);
      }
    }
  }
#endif
  for (std::size_t r = 0; r < count; ++r) {
    PackRest(rows + r * row_step, r < fours ? chunks : 0, size, flip,
             quads + r * 4);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace sotto::runtime
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sotto::runtime {

HWY_EXPORT(SumWeights);
HWY_EXPORT(PackQuads);

Int8WeightSums SumInt8Weights(const std::uint8_t* weights, std::size_t size,
                              Int8Stored stored) {
  return HWY_DYNAMIC_DISPATCH(SumWeights)(weights, size, stored);
}

void PackInt8Quads(const std::uint8_t* rows, std::size_t row_step,
                   std::size_t count, std::size_t size, std::uint8_t flip,
                   std::uint8_t* quads) {
  HWY_DYNAMIC_DISPATCH(PackQuads)(rows, row_step, count, size, flip, quads);
}

}  // namespace sotto::runtime
#endif  // HWY_ONCE
