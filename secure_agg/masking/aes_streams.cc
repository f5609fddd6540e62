#include "secure_agg/masking/aes_streams.h"

// AVX3_DL is AVX-512 with VAES. AVX3 without it gains nothing over AVX2, and
// SVE has no arrays of vectors.
#define HWY_WANT_AVX3_DL 1
#include "hwy/detect_targets.h"
#undef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS \
  (HWY_SSSE3 | HWY_AVX3 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "secure_agg/masking/aes_streams.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include <algorithm>
#include <cstring>

#include "hwy/highway.h"

#undef SOTTO_HAS_AES
#if HWY_TARGET == HWY_AVX3_DL || HWY_TARGET == HWY_AVX2 || \
    HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_NEON
#define SOTTO_HAS_AES 1
#else
#define SOTTO_HAS_AES 0
#endif

HWY_BEFORE_NAMESPACE();
namespace sotto::secure_agg {
namespace HWY_NAMESPACE {

bool HasAes() {
#if HWY_TARGET == HWY_NEON
  // May be what the compiler takes for granted; Highway says so only of a
  // processor that has AES as well.
  return (hwy::SupportedTargets() & HWY_NEON) != 0;
#else
  return SOTTO_HAS_AES != 0;
#endif
}

#if SOTTO_HAS_AES

namespace hn = hwy::HWY_NAMESPACE;

// The S-box on each byte of a word. The last round without a key also shifts
// rows, which does nothing to four equal columns.
std::uint32_t SubWord(std::uint32_t word) {
  const hn::FixedTag<std::uint32_t, 4> d;
  const hn::FixedTag<std::uint8_t, 16> bytes;
  const auto columns = hn::BitCast(bytes, hn::Set(d, word));
  return hn::GetLane(
      hn::BitCast(d, hn::AESLastRound(columns, hn::Zero(bytes))));
}

void ExpandKey(const std::uint8_t* key, std::uint8_t* round_keys) {
  std::uint32_t w[60];
  std::memcpy(w, key, 32);
  std::uint32_t rcon = 1;
  for (int i = 8; i < 60; ++i) {
    std::uint32_t t = w[i - 1];
    if (i % 8 == 0) {
      t = SubWord(t >> 8 | t << 24) ^ rcon;
      rcon <<= 1;
    } else if (i % 8 == 4) {
      t = SubWord(t);
    }
    w[i] = w[i - 8] ^ t;
  }
  std::memcpy(round_keys, w, sizeof(w));
  crypto::Wipe({reinterpret_cast<std::uint8_t*>(w), sizeof(w)});
}

// Vectors in flight: enough to hide the latency of an AES instruction.
constexpr std::size_t kVectors = 8;

template <bool kSubtract, typename Lane>
void AddOne(const std::uint8_t* HWY_RESTRICT round_keys, std::uint64_t block,
            Lane* HWY_RESTRICT lanes, std::size_t count) {
  const hn::ScalableTag<std::uint8_t> d;
  const hn::Repartition<std::uint64_t, decltype(d)> d64;
  const hn::Repartition<Lane, decltype(d)> dl;
  using V = hn::Vec<decltype(d)>;
  constexpr std::size_t kBytes = hn::MaxLanes(decltype(d)());
  constexpr std::size_t kLanes = kBytes / sizeof(Lane);
  // Counters are big-endian in 16 bytes, of which the upper 8 stay 0.
  HWY_ALIGN std::uint64_t start[kBytes / 8], steps[kBytes / 8];
  HWY_ALIGN std::uint8_t order[kBytes];
  for (std::size_t i = 0; i < kBytes / 16; ++i) {
    start[2 * i] = steps[2 * i] = 0;
    start[2 * i + 1] = block + i;
    steps[2 * i + 1] = kBytes / 16;
    for (std::size_t j = 0; j < 8; ++j) {
      order[16 * i + j] = static_cast<std::uint8_t>(j);
      order[16 * i + 8 + j] = static_cast<std::uint8_t>(15 - j);
    }
  }
  auto counter = hn::Load(d64, start);
  const auto step = hn::Load(d64, steps);
  const V reversed = hn::Load(d, order);
  V key[15];
#pragma GCC unroll 16
  for (std::size_t r = 0; r < 15; ++r) {
    key[r] = hn::LoadDup128(d, round_keys + 16 * r);
  }
  const auto group = [&](V* s) HWY_ATTR {
#pragma GCC unroll 16
    for (std::size_t i = 0; i < kVectors; ++i) {
      s[i] = hn::Xor(hn::TableLookupBytes(hn::BitCast(d, counter), reversed),
                     key[0]);
      counter = hn::Add(counter, step);
    }
#pragma GCC unroll 16
    for (std::size_t r = 1; r < 14; ++r) {
#pragma GCC unroll 16
      for (std::size_t i = 0; i < kVectors; ++i) {
        s[i] = hn::AESRound(s[i], key[r]);
      }
    }
#pragma GCC unroll 16
    for (std::size_t i = 0; i < kVectors; ++i) {
      s[i] = hn::AESLastRound(s[i], key[14]);
    }
  };
  for (; count >= kVectors * kLanes; count -= kVectors * kLanes) {
    V s[kVectors];
    group(s);
#pragma GCC unroll 16
    for (std::size_t i = 0; i < kVectors; ++i, lanes += kLanes) {
      const auto stream = hn::BitCast(dl, s[i]);
      const auto sum = hn::LoadU(dl, lanes);
      hn::StoreU(kSubtract ? hn::Sub(sum, stream) : hn::Add(sum, stream), dl,
                 lanes);
    }
  }
  if (count == 0) return;
  V s[kVectors];
  group(s);
  HWY_ALIGN Lane rest[kVectors * kLanes];
  for (std::size_t i = 0; i < kVectors; ++i) {
    hn::Store(hn::BitCast(dl, s[i]), dl, rest + i * kLanes);
  }
  for (std::size_t i = 0; i < count; ++i) {
    lanes[i] =
        static_cast<Lane>(kSubtract ? lanes[i] - rest[i] : lanes[i] + rest[i]);
  }
  crypto::Wipe({reinterpret_cast<std::uint8_t*>(rest), sizeof(rest)});
}

template <typename Lane>
void AddAll(const AesStream* streams, std::size_t count, std::uint64_t first,
            Lane* lanes, std::size_t size) {
  const std::uint64_t block = first / (16 / sizeof(Lane));
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* keys = streams[i].round_keys.data();
    if (streams[i].subtract) {
      AddOne<true>(keys, block, lanes, size);
    } else {
      AddOne<false>(keys, block, lanes, size);
    }
  }
}

#else

void ExpandKey(const std::uint8_t*, std::uint8_t*) {}
template <typename Lane>
void AddAll(const AesStream*, std::size_t, std::uint64_t, Lane*, std::size_t) {}

#endif  // SOTTO_HAS_AES

void Add32(const AesStream* streams, std::size_t count, std::uint64_t first,
           std::uint32_t* lanes, std::size_t size) {
  AddAll(streams, count, first, lanes, size);
}
void Add16(const AesStream* streams, std::size_t count, std::uint64_t first,
           std::uint16_t* lanes, std::size_t size) {
  AddAll(streams, count, first, lanes, size);
}

}  // namespace HWY_NAMESPACE
}  // namespace sotto::secure_agg
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sotto::secure_agg {

HWY_EXPORT(HasAes);
HWY_EXPORT(ExpandKey);
HWY_EXPORT(Add32);
HWY_EXPORT(Add16);

bool HasAesStreams() { return HWY_DYNAMIC_DISPATCH(HasAes)(); }

AesStream::AesStream(const crypto::Secret<32>& key, bool is_subtracted)
    : subtract(is_subtracted) {
  HWY_DYNAMIC_DISPATCH(ExpandKey)(key.Reveal().data(), round_keys.data());
}

void AddAesStreams(std::span<const AesStream> streams, std::uint64_t first,
                   std::span<std::uint32_t> lanes) {
  HWY_DYNAMIC_DISPATCH(Add32)
  (streams.data(), streams.size(), first, lanes.data(), lanes.size());
}

void AddAesStreams(std::span<const AesStream> streams, std::uint64_t first,
                   std::span<std::uint16_t> lanes) {
  HWY_DYNAMIC_DISPATCH(Add16)
  (streams.data(), streams.size(), first, lanes.data(), lanes.size());
}

}  // namespace sotto::secure_agg
#endif  // HWY_ONCE
