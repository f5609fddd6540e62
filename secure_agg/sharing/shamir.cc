#include "secure_agg/sharing/shamir.h"

#include <cassert>

#include "base/status.h"
#include "secure_agg/field/field61.h"

namespace sotto::secure_agg {
namespace {

constexpr std::size_t kLimbBytes = 7;

std::uint64_t ReadLittleEndian(ByteView bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    value |= static_cast<std::uint64_t>(bytes[i]) << (8 * i);
  }
  return value;
}

// Limb i of the secret: bytes [7 i, min(7 i + 7, 32)).
std::uint64_t LimbOf(ByteView secret, std::size_t i) {
  const std::size_t begin = i * kLimbBytes;
  return ReadLittleEndian(
      secret.subspan(begin, std::min(kLimbBytes, secret.size() - begin)));
}

// 61 random bits each, those that are no element drawn again. All at once: a
// draw of the system's generator is a system call.
void DrawElements(crypto::Rng& rng, std::span<std::uint64_t> elements) {
  rng.Fill({reinterpret_cast<std::uint8_t*>(elements.data()),
            elements.size_bytes()});
  for (std::uint64_t& element : elements) {
    element >>= 3;
    while (!field61::IsCanonical(element)) {
      element = crypto::UniformBelow(rng, field61::kPrime);
    }
  }
}

// Lagrange weights at `point`: prod_{j != i} (point - x_j) / (x_i - x_j).
std::vector<std::uint64_t> LagrangeWeights(std::span<const Share> shares,
                                           std::uint64_t point) {
  const std::size_t count = shares.size();
  std::vector<std::uint64_t> numerators(count), denominators(count);
  for (std::size_t i = 0; i < count; ++i) {
    std::uint64_t above = 1, below = 1;
    for (std::size_t j = 0; j < count; ++j) {
      if (j == i) continue;
      assert(shares[i].point != shares[j].point);
      above = field61::Mul(above, field61::Sub(point, shares[j].point));
      below =
          field61::Mul(below, field61::Sub(shares[i].point, shares[j].point));
    }
    numerators[i] = above;
    denominators[i] = below;
  }
  // One inversion for all (Montgomery's trick).
  std::vector<std::uint64_t> prefix(count + 1, 1);
  for (std::size_t i = 0; i < count; ++i) {
    prefix[i + 1] = field61::Mul(prefix[i], denominators[i]);
  }
  std::uint64_t inverse = field61::Inverse(prefix[count]);
  for (std::size_t i = count; i-- > 0;) {
    const std::uint64_t own = field61::Mul(inverse, prefix[i]);
    inverse = field61::Mul(inverse, denominators[i]);
    numerators[i] = field61::Mul(numerators[i], own);
  }
  return numerators;
}

}  // namespace

std::vector<Share> SplitSecret(const crypto::Secret<32>& secret,
                               std::uint32_t threshold,
                               std::span<const std::uint64_t> points,
                               crypto::Rng& rng) {
  assert(threshold >= 1 && threshold <= points.size());
  std::vector<Share> shares(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    assert(points[i] != 0 && field61::IsCanonical(points[i]));
    shares[i].point = points[i];
  }
  // Coefficient k of all limbs together: five chains of products at a time.
  std::vector<std::array<std::uint64_t, kShareLimbs>> coefficients(threshold);
  for (std::size_t limb = 0; limb < kShareLimbs; ++limb) {
    coefficients[0][limb] = LimbOf(secret.Reveal(), limb);
  }
  DrawElements(rng, {coefficients[0].data() + kShareLimbs,
                     (threshold - 1) * kShareLimbs});
  for (Share& share : shares) {
    for (std::size_t k = threshold; k-- > 0;) {  // Horner
      for (std::size_t limb = 0; limb < kShareLimbs; ++limb) {
        share.limbs[limb] =
            field61::Add(field61::Mul(share.limbs[limb], share.point),
                         coefficients[k][limb]);
      }
    }
  }
  crypto::Wipe({reinterpret_cast<std::uint8_t*>(coefficients.data()),
                coefficients.size() * sizeof(coefficients[0])});
  return shares;
}

Share InterpolateAt(std::span<const Share> shares, std::uint64_t point) {
  const std::vector<std::uint64_t> weights = LagrangeWeights(shares, point);
  Share result;
  result.point = point;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    for (std::size_t limb = 0; limb < kShareLimbs; ++limb) {
      result.limbs[limb] = field61::Add(
          result.limbs[limb], field61::Mul(weights[i], shares[i].limbs[limb]));
    }
  }
  return result;
}

absl::StatusOr<crypto::Secret<32>> CombineShares(
    std::span<const Share> shares) {
  return SecretOf(InterpolateAt(shares, 0).limbs);
}

absl::StatusOr<crypto::Secret<32>> SecretOf(
    const std::array<std::uint64_t, kShareLimbs>& limbs) {
  crypto::Secret<32> secret;
  for (std::size_t limb = 0; limb < kShareLimbs; ++limb) {
    const std::size_t begin = limb * kLimbBytes;
    const std::size_t size = std::min(kLimbBytes, std::size_t{32} - begin);
    if (limbs[limb] >> (8 * size) != 0) {
      return absl::DataLossError("the shares are those of no 32-byte secret");
    }
    for (std::size_t i = 0; i < size; ++i) {
      secret.RevealMutable()[begin + i] =
          static_cast<std::uint8_t>(limbs[limb] >> (8 * i));
    }
  }
  return secret;
}

void EncodeShareInto(const Share& share,
                     std::span<std::uint8_t, kShareBytes> out) {
  for (std::size_t i = 0; i < kShareBytes; ++i) {
    out[i] = static_cast<std::uint8_t>(share.limbs[i / 8] >> (8 * (i % 8)));
  }
}

Bytes EncodeShare(const Share& share) {
  Bytes bytes(kShareBytes);
  EncodeShareInto(share, std::span<std::uint8_t, kShareBytes>(bytes));
  return bytes;
}

absl::StatusOr<Share> DecodeShare(ByteView bytes, std::uint64_t point) {
  if (bytes.size() != kShareBytes) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "share has %d bytes, expected %d", static_cast<int>(bytes.size()),
        static_cast<int>(kShareBytes)));
  }
  Share share;
  share.point = point;
  for (std::size_t i = 0; i < kShareLimbs; ++i) {
    share.limbs[i] = ReadLittleEndian(bytes.subspan(8 * i, 8));
    if (!field61::IsCanonical(share.limbs[i])) {
      return absl::InvalidArgumentError("share has a limb above 2^61 - 2");
    }
  }
  return share;
}

}  // namespace sotto::secure_agg
