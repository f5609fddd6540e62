#include "privacy/fixed_point.h"

#include <algorithm>
#include <cmath>

#include "base/status.h"

namespace sotto::privacy {

absl::StatusOr<FixedPoint> FixedPoint::Create(const FixedPointParams& p) {
  const auto bad = [](const char* field, double got, const char* needs) {
    return absl::InvalidArgumentError(
        absl::StrFormat("fixed point: %s is %g, needs %s", field, got, needs));
  };
  if (!(p.clip > 0) || !std::isfinite(p.clip)) {
    return bad("clip", p.clip, "a positive number");
  }
  if (!(p.scale > 0) || !std::isfinite(p.scale)) {
    return bad("scale", p.scale, "a positive number");
  }
  if (p.bits < 2 || p.bits > 32) return bad("bits", p.bits, "2 to 32");
  if (p.max_weight < 1) return bad("max_weight", 0, "at least 1");
  if (p.num_devices < 1) return bad("num_devices", 0, "at least 1");
  const double limit = std::ceil(p.clip * p.scale);
  const double modulus = std::ldexp(1.0, static_cast<int>(p.bits));
  // n (R - 1) + 1 = 2 n limit + 1, exact in double below 2^53.
  if (2.0 * p.num_devices * limit + 1 > modulus) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "fixed point: scale %g lets %d devices of clip %g reach %.0f values, "
        "more than 2^%d; lower scale or clip",
        p.scale, p.num_devices, p.clip, 2.0 * p.num_devices * limit + 1,
        p.bits));
  }
  return FixedPoint(p, static_cast<std::uint64_t>(limit));
}

std::uint32_t FixedPoint::EffectiveWeight(std::uint32_t weight) const {
  return std::min(weight, params_.max_weight);
}

std::vector<std::uint32_t> FixedPoint::Encode(std::span<const float> values,
                                              std::uint32_t weight) const {
  const double factor = params_.scale *
                        static_cast<double>(EffectiveWeight(weight)) /
                        static_cast<double>(params_.max_weight);
  const auto mask =
      static_cast<std::uint32_t>((std::uint64_t{1} << params_.bits) - 1);
  std::vector<std::uint32_t> out(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double value =
        std::isfinite(values[i])
            ? std::clamp<double>(values[i], -params_.clip, params_.clip)
            : 0.0;
    const auto units = static_cast<std::int64_t>(std::llround(value * factor));
    out[i] = static_cast<std::uint32_t>(units) & mask;
  }
  return out;
}

std::vector<double> FixedPoint::DecodeSum(
    std::span<const std::uint32_t> sum) const {
  const std::int64_t modulus = std::int64_t{1} << params_.bits;
  std::vector<double> out(sum.size());
  for (std::size_t i = 0; i < sum.size(); ++i) {
    std::int64_t units = sum[i] & (modulus - 1);
    if (units >= modulus / 2) units -= modulus;
    out[i] = static_cast<double>(units) / params_.scale;
  }
  return out;
}

}  // namespace sotto::privacy
