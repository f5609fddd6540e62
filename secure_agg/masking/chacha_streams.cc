#include "secure_agg/masking/chacha_streams.h"

// AVX3_DL and SSE4 add nothing here to AVX3 and SSSE3, and Highway's SSE4 wants
// the AES instructions, which who needs ChaCha20 has not. SVE has no arrays of
// vectors.
#include "hwy/detect_targets.h"
#undef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS \
  (HWY_SSE4 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "secure_agg/masking/chacha_streams.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstring>

#include "hwy/highway.h"

#undef SOTTO_HAS_VECTORS
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128 || HWY_HAVE_SCALABLE
#define SOTTO_HAS_VECTORS 0
#else
#define SOTTO_HAS_VECTORS 1
#endif

HWY_BEFORE_NAMESPACE();
namespace sotto::secure_agg {
namespace HWY_NAMESPACE {

#if SOTTO_HAS_VECTORS

namespace hn = hwy::HWY_NAMESPACE;

// A word of the state in each of kBlocks blocks.
using D = hn::ScalableTag<std::uint32_t>;
using V = hn::Vec<D>;
constexpr std::size_t kBlocks = hn::MaxLanes(D());

HWY_INLINE V Set(std::uint32_t word) { return hn::Set(D(), word); }
HWY_INLINE V Load(const std::uint32_t* words) { return hn::Load(D(), words); }
HWY_INLINE V Plus(V a, V b) { return hn::Add(a, b); }

// a ^ b, rotated left.
template <int kBits>
HWY_INLINE V Mix(V a, V b) {
  const V x = hn::Xor(a, b);
  if constexpr (HWY_TARGET > HWY_AVX3 && kBits % 8 == 0) {
    // One instruction instead of three. AVX-512 rotates in one.
    alignas(16) static constexpr auto kOrder = [] {
      std::array<std::uint8_t, 16> order{};
      for (unsigned i = 0; i < 16; ++i) {
        order[i] = static_cast<std::uint8_t>((i & ~3u) + (i - kBits / 8) % 4);
      }
      return order;
    }();
    const hn::Repartition<std::uint8_t, D> bytes;
    return hn::BitCast(
        D(), hn::TableLookupBytes(hn::BitCast(bytes, x),
                                  hn::LoadDup128(bytes, kOrder.data())));
  } else {
    return hn::RotateRight<32 - kBits>(x);
  }
}

template <typename Lane>
HWY_INLINE void AddWord(V word, Lane* HWY_RESTRICT sum) {
  const hn::Repartition<Lane, D> d;
  hn::Store(hn::Add(hn::Load(d, sum), hn::BitCast(d, word)), d, sum);
}

// plus - minus, turned from word after word of all blocks to block after block.
template <typename Lane>
void PutInOrder(const Lane* HWY_RESTRICT plus, const Lane* HWY_RESTRICT minus,
                Lane* HWY_RESTRICT ordered) {
  const D d;
  const hn::Repartition<Lane, D> dl;
  const hn::Repartition<std::uint64_t, D> d64;
  const hn::FixedTag<Lane, 16 / sizeof(Lane)> row_of_block;
  constexpr std::size_t kVector = hn::MaxLanes(dl);
  constexpr std::size_t kRow = 16 / sizeof(Lane);
  for (std::size_t row = 0; row < 4; ++row) {
    const auto word = [&](std::size_t i) HWY_ATTR {
      const std::size_t at = (4 * row + i) * kVector;
      return hn::BitCast(
          d, hn::Sub(hn::Load(dl, plus + at), hn::Load(dl, minus + at)));
    };
    const V w0 = word(0), w1 = word(1), w2 = word(2), w3 = word(3);
    const auto low01 = hn::BitCast(d64, hn::InterleaveLower(d, w0, w1));
    const auto low23 = hn::BitCast(d64, hn::InterleaveLower(d, w2, w3));
    const auto high01 = hn::BitCast(d64, hn::InterleaveUpper(d, w0, w1));
    const auto high23 = hn::BitCast(d64, hn::InterleaveUpper(d, w2, w3));
    // Each 16 bytes of vector i are this row of block i, i + 4, ...
    HWY_ALIGN Lane turned[4 * kVector];
    const auto put = [&](std::size_t i, auto v) HWY_ATTR {
      hn::Store(hn::BitCast(dl, v), dl, turned + i * kVector);
    };
    put(0, hn::InterleaveLower(d64, low01, low23));
    put(1, hn::InterleaveUpper(d64, low01, low23));
    put(2, hn::InterleaveLower(d64, high01, high23));
    put(3, hn::InterleaveUpper(d64, high01, high23));
    for (std::size_t block = 0; block < kBlocks; ++block) {
      const std::size_t from = block % 4 * kVector + block / 4 * kRow;
      hn::Store(hn::Load(row_of_block, turned + from), row_of_block,
                ordered + (4 * block + row) * kRow);
    }
  }
}

template <typename Lane>
void AddOrdered(const Lane* HWY_RESTRICT ordered, Lane* HWY_RESTRICT lanes,
                std::size_t count) {
  const hn::Repartition<Lane, D> d;
  constexpr std::size_t kVector = hn::MaxLanes(d);
  std::size_t i = 0;
  for (; i + kVector <= count; i += kVector) {
    hn::StoreU(hn::Add(hn::LoadU(d, lanes + i), hn::Load(d, ordered + i)), d,
               lanes + i);
  }
  for (; i < count; ++i) lanes[i] = static_cast<Lane>(lanes[i] + ordered[i]);
}

#else  // one block at a time

using V = std::uint32_t;
constexpr std::size_t kBlocks = 1;

HWY_INLINE V Set(std::uint32_t word) { return word; }
HWY_INLINE V Load(const std::uint32_t* words) { return *words; }
HWY_INLINE V Plus(V a, V b) { return a + b; }

template <int kBits>
HWY_INLINE V Mix(V a, V b) {
  return std::rotl(a ^ b, kBits);
}

template <typename Lane>
HWY_INLINE void AddWord(V word, Lane* HWY_RESTRICT sum) {
  for (std::size_t i = 0; i < sizeof(V) / sizeof(Lane); ++i) {
    sum[i] = static_cast<Lane>(sum[i] + (word >> (16 * i)));
  }
}

template <typename Lane>
void PutInOrder(const Lane* HWY_RESTRICT plus, const Lane* HWY_RESTRICT minus,
                Lane* HWY_RESTRICT ordered) {
  for (std::size_t i = 0; i < 64 / sizeof(Lane); ++i) {
    ordered[i] = static_cast<Lane>(plus[i] - minus[i]);
  }
}

template <typename Lane>
void AddOrdered(const Lane* HWY_RESTRICT ordered, Lane* HWY_RESTRICT lanes,
                std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    lanes[i] = static_cast<Lane>(lanes[i] + ordered[i]);
  }
}

#endif  // SOTTO_HAS_VECTORS

// RFC 8439, section 2.1. One after the other, for a processor finds the four
// chains itself and sixteen registers hold one: step by step AVX2 has 2.3 GB/s,
// so 2.9.
HWY_INLINE void QuarterRound(V& a, V& b, V& c, V& d) {
  a = Plus(a, b);
  d = Mix<16>(d, a);
  c = Plus(c, d);
  b = Mix<12>(b, c);
  a = Plus(a, b);
  d = Mix<8>(d, a);
  c = Plus(c, d);
  b = Mix<7>(b, c);
}

constexpr std::uint32_t kConstants[4] = {0x61707865, 0x3320646e, 0x79622d32,
                                         0x6b206574};

// The blocks with these counters: word i of each is added to row i of `sums`.
template <typename Lane>
HWY_INLINE void AddBlocks(const std::uint32_t* HWY_RESTRICT key,
                          const std::uint32_t* HWY_RESTRICT low,
                          const std::uint32_t* HWY_RESTRICT high,
                          Lane* HWY_RESTRICT sums) {
  V s[16];
#pragma GCC unroll 16
  for (std::size_t i = 0; i < 4; ++i) s[i] = Set(kConstants[i]);
#pragma GCC unroll 16
  for (std::size_t i = 0; i < 8; ++i) s[4 + i] = Set(key[i]);
  s[12] = Load(low);
  s[13] = Load(high);
  s[14] = s[15] = Set(0);
  for (int round = 0; round < 20; round += 2) {
    QuarterRound(s[0], s[4], s[8], s[12]);
    QuarterRound(s[1], s[5], s[9], s[13]);
    QuarterRound(s[2], s[6], s[10], s[14]);
    QuarterRound(s[3], s[7], s[11], s[15]);
    QuarterRound(s[0], s[5], s[10], s[15]);
    QuarterRound(s[1], s[6], s[11], s[12]);
    QuarterRound(s[2], s[7], s[8], s[13]);
    QuarterRound(s[3], s[4], s[9], s[14]);
  }
  // For the compiler alone: to read the key again, where it would keep eight
  // vectors on the stack (5.2 GB/s, so 5.5, with AVX-512).
  std::atomic_signal_fence(std::memory_order_seq_cst);
#pragma GCC unroll 16
  for (std::size_t i = 0; i < 4; ++i) s[i] = Plus(s[i], Set(kConstants[i]));
#pragma GCC unroll 16
  for (std::size_t i = 0; i < 8; ++i) s[4 + i] = Plus(s[4 + i], Set(key[i]));
  s[12] = Plus(s[12], Load(low));
  s[13] = Plus(s[13], Load(high));
#pragma GCC unroll 16
  for (std::size_t i = 0; i < 16; ++i) {
    AddWord(s[i], sums + i * kBlocks * 4 / sizeof(Lane));
  }
}

// A group of blocks of all streams before the next: words are turned into
// blocks once a group, not once a stream (for one stream alone that halves the
// speed). Two sums, so that no branch depends on a sign.
template <typename Lane>
void AddAll(const ChaChaStream* streams, std::size_t count, std::uint64_t first,
            Lane* lanes, std::size_t size) {
  constexpr std::size_t kLanes = kBlocks * 64 / sizeof(Lane);
  HWY_ALIGN std::uint32_t low[kBlocks], high[kBlocks];
  HWY_ALIGN Lane sums[2][kLanes];
  HWY_ALIGN Lane ordered[kLanes];
  std::uint64_t block = first / (64 / sizeof(Lane));
  while (size > 0) {
    for (std::size_t i = 0; i < kBlocks; ++i, ++block) {
      low[i] = static_cast<std::uint32_t>(block);
      high[i] = static_cast<std::uint32_t>(block >> 32);
    }
    std::memset(sums, 0, sizeof(sums));
    for (std::size_t i = 0; i < count; ++i) {
      AddBlocks(streams[i].key.data(), low, high,
                sums[streams[i].subtract ? 1 : 0]);
    }
    PutInOrder(sums[0], sums[1], ordered);
    const std::size_t n = std::min(size, kLanes);
    AddOrdered(ordered, lanes, n);
    lanes += n;
    size -= n;
  }
  crypto::Wipe({reinterpret_cast<std::uint8_t*>(sums), sizeof(sums)});
  crypto::Wipe({reinterpret_cast<std::uint8_t*>(ordered), sizeof(ordered)});
}

void AddChaCha32(const ChaChaStream* streams, std::size_t count,
                 std::uint64_t first, std::uint32_t* lanes, std::size_t size) {
  AddAll(streams, count, first, lanes, size);
}
void AddChaCha16(const ChaChaStream* streams, std::size_t count,
                 std::uint64_t first, std::uint16_t* lanes, std::size_t size) {
  AddAll(streams, count, first, lanes, size);
}

}  // namespace HWY_NAMESPACE
}  // namespace sotto::secure_agg
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sotto::secure_agg {

HWY_EXPORT(AddChaCha32);
HWY_EXPORT(AddChaCha16);

ChaChaStream::ChaChaStream(const crypto::Secret<32>& secret, bool is_subtracted)
    : subtract(is_subtracted) {
  std::memcpy(key.data(), secret.Reveal().data(), sizeof(key));
}

ChaChaStream::~ChaChaStream() {
  crypto::Wipe({reinterpret_cast<std::uint8_t*>(key.data()), sizeof(key)});
}

void AddChaChaStreams(std::span<const ChaChaStream> streams,
                      std::uint64_t first, std::span<std::uint32_t> lanes) {
  HWY_DYNAMIC_DISPATCH(AddChaCha32)
  (streams.data(), streams.size(), first, lanes.data(), lanes.size());
}

void AddChaChaStreams(std::span<const ChaChaStream> streams,
                      std::uint64_t first, std::span<std::uint16_t> lanes) {
  HWY_DYNAMIC_DISPATCH(AddChaCha16)
  (streams.data(), streams.size(), first, lanes.data(), lanes.size());
}

}  // namespace sotto::secure_agg
#endif  // HWY_ONCE
