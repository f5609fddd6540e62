#include "runtime/kernels/cpu/int8_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/kernels/cpu/int8_depthwise_line.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include <algorithm>

#include "hwy/highway.h"
#include "runtime/kernels/cpu/int8_depthwise.h"
#include "runtime/kernels/cpu/int8_ops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sotto::runtime {
namespace HWY_NAMESPACE {

// Bytes that one vector holds; a block has kParts of them.
constexpr std::size_t kBytes = 4 * kInt8Lanes;
constexpr std::size_t kParts = kInt8Block / kBytes;

struct Block {
  const Int8Channels* channels;
  const std::uint8_t* weights;
  const std::uint32_t* offsets;
  std::size_t full_quads;
  bool one_more;  // a last quad of one tap
  Int8Store store;
};

// x[v]: four taps' bytes of kBytes neighbours, in the order of the header.
HWY_INLINE void Interleave(const std::uint8_t* HWY_RESTRICT in,
                           const std::uint32_t* HWY_RESTRICT offsets,
                           Int8Vec (&x)[4]) {
#if HWY_TARGET == HWY_SCALAR
  // One lane: channels in their own order.
  for (std::size_t v = 0; v < 4; ++v) {
    std::uint8_t bytes[4];
    for (std::size_t t = 0; t < 4; ++t) bytes[t] = in[offsets[t] + v];
    x[v] = Broadcast4(bytes);
  }
#else
  const hn::Repartition<std::uint8_t, Int8Tag> d8;
  const hn::Repartition<std::uint16_t, Int8Tag> d16;
  const Int8Tag d;
  const auto t0 = hn::LoadU(d8, in + offsets[0]);
  const auto t1 = hn::LoadU(d8, in + offsets[1]);
  const auto t2 = hn::LoadU(d8, in + offsets[2]);
  const auto t3 = hn::LoadU(d8, in + offsets[3]);
  const auto low01 = hn::BitCast(d16, hn::InterleaveLower(d8, t0, t1));
  const auto high01 = hn::BitCast(d16, hn::InterleaveUpper(d8, t0, t1));
  const auto low23 = hn::BitCast(d16, hn::InterleaveLower(d8, t2, t3));
  const auto high23 = hn::BitCast(d16, hn::InterleaveUpper(d8, t2, t3));
  x[0] = hn::BitCast(d, hn::InterleaveLower(d16, low01, low23));
  x[1] = hn::BitCast(d, hn::InterleaveUpper(d16, low01, low23));
  x[2] = hn::BitCast(d, hn::InterleaveLower(d16, high01, high23));
  x[3] = hn::BitCast(d, hn::InterleaveUpper(d16, high01, high23));
#endif
}

// The same of one tap, the other three bytes of a lane 0.
HWY_INLINE void Interleave1(const std::uint8_t* HWY_RESTRICT in,
                            Int8Vec (&x)[4]) {
#if HWY_TARGET == HWY_SCALAR
  for (std::size_t v = 0; v < 4; ++v) x[v] = Int8Vec(in[v]);
#else
  const hn::Repartition<std::uint8_t, Int8Tag> d8;
  const hn::Repartition<std::uint16_t, Int8Tag> d16;
  const Int8Tag d;
  const auto tap = hn::LoadU(d8, in);
  const auto low = hn::BitCast(d16, hn::InterleaveLower(d8, tap, hn::Zero(d8)));
  const auto high =
      hn::BitCast(d16, hn::InterleaveUpper(d8, tap, hn::Zero(d8)));
  x[0] = hn::BitCast(d, hn::InterleaveLower(d16, low, hn::Zero(d16)));
  x[1] = hn::BitCast(d, hn::InterleaveUpper(d16, low, hn::Zero(d16)));
  x[2] = hn::BitCast(d, hn::InterleaveLower(d16, high, hn::Zero(d16)));
  x[3] = hn::BitCast(d, hn::InterleaveUpper(d16, high, hn::Zero(d16)));
#endif
}

// kBytes results from vectors in that order; the first `count` are stored.
HWY_INLINE void StoreBytes(const Int8Vec (&y)[4], const Int8Store& s,
                           std::size_t count, std::uint8_t* HWY_RESTRICT out) {
#if HWY_TARGET == HWY_AVX3_DL
  __m512i bytes = _mm512_packs_epi16(_mm512_packs_epi32(y[0].raw, y[1].raw),
                                     _mm512_packs_epi32(y[2].raw, y[3].raw));
  bytes = _mm512_max_epi8(bytes, _mm512_set1_epi8(s.low));
  bytes = _mm512_min_epi8(bytes, _mm512_set1_epi8(s.high));
  bytes = _mm512_xor_si512(bytes, _mm512_set1_epi8(static_cast<char>(s.flip)));
  if (count >= kBytes) {
    _mm512_storeu_si512(out, bytes);
  } else {
    _mm512_mask_storeu_epi8(out, (std::uint64_t{1} << count) - 1, bytes);
  }
#else
  alignas(32) std::int8_t bytes[kBytes];
#if HWY_TARGET == HWY_AVX2
  _mm256_store_si256(
      reinterpret_cast<__m256i*>(bytes),
      _mm256_packs_epi16(_mm256_packs_epi32(y[0].raw, y[1].raw),
                         _mm256_packs_epi32(y[2].raw, y[3].raw)));
#else
  const hn::Rebind<std::int8_t, Int8Tag> d8;
  for (std::size_t v = 0; v < 4; ++v) {
    hn::StoreU(hn::DemoteTo(d8, y[v]), d8, bytes + v * kInt8Lanes);
  }
#endif
  for (std::size_t i = 0; i < std::min(count, kBytes); ++i) {
    out[i] = static_cast<std::uint8_t>(
        static_cast<std::uint8_t>(std::clamp(bytes[i], s.low, s.high)) ^
        s.flip);
  }
#endif
}

// Which vector of a packed block, and which of its parts, vector v is.
#if HWY_TARGET == HWY_SCALAR
HWY_INLINE std::size_t VectorOf(std::size_t part, std::size_t v) {
  return (part * 4 + v) % 16 / 4;
}
HWY_INLINE std::size_t PartOf(std::size_t part, std::size_t v) {
  return part * 4 / 16 * 4 + (part * 4 + v) % 4;
}
#else
HWY_INLINE std::size_t VectorOf(std::size_t, std::size_t v) { return v; }
HWY_INLINE std::size_t PartOf(std::size_t part, std::size_t) { return part; }
#endif

// The products of kTaps taps of kSteps blocks.
template <std::size_t kTaps, std::size_t kSteps, std::size_t kTerms>
HWY_INLINE void MultiplyQuad(const std::uint8_t* HWY_RESTRICT w,
                             std::size_t part,
                             const std::uint8_t* HWY_RESTRICT in,
                             std::size_t in_step,
                             const std::uint32_t* HWY_RESTRICT offsets,
                             Int8Vec (&sums)[kSteps][4]) {
  const Int8Tag d;
  Int8Vec weights[kTerms][4];
  SOTTO_INT8_UNROLL
  for (std::size_t term = 0; term < kTerms; ++term) {
    SOTTO_INT8_UNROLL
    for (std::size_t v = 0; v < 4; ++v) {
      weights[term][v] =
          hn::Load(d, reinterpret_cast<const std::int32_t*>(
                          w + (term * 4 + VectorOf(part, v)) * kInt8Block) +
                          PartOf(part, v) * kInt8Lanes);
      if constexpr (kSteps > 1) {
        SOTTO_INT8_PIN(weights[term][v]);
      }
    }
  }
  SOTTO_INT8_UNROLL
  for (std::size_t i = 0; i < kSteps; ++i) {
    const std::uint8_t* from = in + i * in_step + part * kBytes;
    Int8Vec x[4];
    if constexpr (kTaps == 1) {
      Interleave1(from + offsets[0], x);
    } else {
      Interleave(from, offsets, x);
    }
    SOTTO_INT8_UNROLL
    for (std::size_t term = 0; term < kTerms; ++term) {
      SOTTO_INT8_UNROLL
      for (std::size_t v = 0; v < 4; ++v) {
        sums[i][v] = Dot4(sums[i][v], x[v], weights[term][v]);
      }
    }
  }
}

// kSteps blocks, the weights read once for all of them.
template <std::size_t kSteps, std::size_t kTerms>
HWY_INLINE void RunBlocks(const Block& b, const std::uint8_t* HWY_RESTRICT in,
                          std::size_t in_step, std::size_t count,
                          std::uint8_t* HWY_RESTRICT out,
                          std::size_t out_step) {
  const Int8Tag d;
  for (std::size_t part = 0; part < kParts; ++part) {
    if (part * kBytes >= count) return;
    Int8Vec sums[kSteps][4];
    SOTTO_INT8_UNROLL
    for (std::size_t v = 0; v < 4; ++v) {
      SOTTO_INT8_UNROLL
      for (std::size_t i = 0; i < kSteps; ++i) {
        sums[i][v] = hn::Load(d, b.channels[VectorOf(part, v)].start +
                                     PartOf(part, v) * kInt8Lanes);
      }
    }
    const std::uint8_t* w = b.weights;
    const std::uint32_t* offsets = b.offsets;
    for (std::size_t q = 0; q < b.full_quads; ++q, offsets += 4) {
      MultiplyQuad<4, kSteps, kTerms>(w, part, in, in_step, offsets, sums);
      w += kTerms * 4 * kInt8Block;
    }
    if (b.one_more) {
      MultiplyQuad<1, kSteps, kTerms>(w, part, in, in_step, offsets, sums);
    }
    SOTTO_INT8_UNROLL
    for (std::size_t v = 0; v < 4; ++v) {
      RescaleRows(sums, v, b.channels[VectorOf(part, v)], PartOf(part, v));
    }
    SOTTO_INT8_UNROLL
    for (std::size_t i = 0; i < kSteps; ++i) {
      StoreBytes(sums[i], b.store, count - part * kBytes,
                 out + i * out_step + part * kBytes);
    }
  }
}

template <std::size_t kTerms>
HWY_INLINE void RunLine(const Int8Depthwise& plan, const std::uint8_t* packed,
                        const std::uint8_t* in, std::uint8_t flip,
                        std::uint8_t* out) {
  const Window& w = plan.window;
  const auto channels = static_cast<std::size_t>(w.channels);
  const std::size_t line = plan.line_bytes();
  const std::size_t taps = static_cast<std::size_t>(w.filter_h) *
                           static_cast<std::size_t>(w.filter_w);
  const std::size_t period = plan.blocks * kInt8Block;
  const std::size_t in_step =
      plan.along_line ? period
                      : channels * static_cast<std::size_t>(w.stride_w);
  const std::size_t out_step = plan.along_line ? period : channels;
  for (std::size_t i = 0; i < plan.blocks; ++i) {
    const std::uint8_t* block = packed + i * plan.block_bytes();
    const std::size_t first = i * kInt8Block;
    const Block b = {.channels = reinterpret_cast<const Int8Channels*>(block),
                     .weights = block + 4 * sizeof(Int8Channels),
                     .offsets = plan.offsets(),
                     .full_quads = plan.quads - (taps % 4 == 1),
                     .one_more = taps % 4 == 1,
                     .store = {plan.clamp.low, plan.clamp.high, flip}};
    const std::uint8_t* from = in + first;
    // Up to here a block fits as a whole.
    const std::size_t whole = plan.along_line ? line : channels;
    std::size_t at = first;
    const auto count = [&](std::size_t to) {
      return std::min(kInt8Block, whole - (plan.along_line ? to : first));
    };
    // The last of several blocks must be whole: all are stored alike. Four
    // share loaded weights: 4.6 results a nanosecond where two make 4.2.
    const std::size_t rest = plan.along_line ? kInt8Block : 1;
    for (; at + 3 * out_step + rest <= line;
         at += 4 * out_step, from += 4 * in_step) {
      RunBlocks<4, kTerms>(b, from, in_step, count(at), out + at, out_step);
    }
    if (at + out_step + rest <= line) {
      RunBlocks<2, kTerms>(b, from, in_step, count(at), out + at, out_step);
      at += 2 * out_step;
      from += 2 * in_step;
    }
    for (; at < line; at += out_step, from += in_step) {
      RunBlocks<1, kTerms>(b, from, in_step, count(at), out + at, out_step);
    }
  }
}

void LineImpl(const Int8Depthwise& plan, const std::uint8_t* packed,
              const std::uint8_t* in, std::uint8_t flip, std::uint8_t* out) {
  if (plan.terms == 1) {
    RunLine<1>(plan, packed, in, flip, out);
  } else {
    RunLine<2>(plan, packed, in, flip, out);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace sotto::runtime
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sotto::runtime {

HWY_EXPORT(LineImpl);

void RunInt8DepthwiseLine(const Int8Depthwise& plan, const std::uint8_t* packed,
                          const std::uint8_t* in, std::uint8_t flip,
                          std::uint8_t* out) {
  HWY_DYNAMIC_DISPATCH(LineImpl)(plan, packed, in, flip, out);
}

}  // namespace sotto::runtime
#endif  // HWY_ONCE
