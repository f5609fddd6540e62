#include "privacy/distributed/noisy_encoding.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>

#include "base/fraction.h"
#include "base/status.h"
#include "privacy/accounting/ranges.h"

namespace sotto::privacy {
namespace {

constexpr std::uint32_t kMaxDimension = 1u << 28;
constexpr double kMaxScaledClip = 0x1p31;

absl::Status CheckFields(const NoisyEncodingParams& p) {
  SOTTO_RETURN_IF_ERROR(CheckRange("dimension", p.dimension, 1, kMaxDimension));
  SOTTO_RETURN_IF_ERROR(CheckRange("clip", p.clip, 1e-30, 1e30));
  SOTTO_RETURN_IF_ERROR(CheckRange("scale", p.scale, 1e-30, 1e30));
  SOTTO_RETURN_IF_ERROR(CheckRange("bits", p.bits, 8, 32));
  SOTTO_RETURN_IF_ERROR(
      CheckRange("clip times scale", p.clip * p.scale, 1e-9, kMaxScaledClip));
  SOTTO_RETURN_IF_ERROR(CheckRange("devices", p.num_devices, 1, UINT32_MAX));
  SOTTO_RETURN_IF_ERROR(
      CheckRange("fewest devices", p.min_devices, 1, p.num_devices));
  if (!(p.corrupted_fraction >= 0 && p.corrupted_fraction < 1)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "corrupted fraction is %g, must be in [0, 1)", p.corrupted_fraction));
  }
  SOTTO_RETURN_IF_ERROR(CheckRange("wrap_stds", p.wrap_stds, 3, 64));
  if (p.noise) return CheckRange("central std", p.central_std, 1e-30, 1e30);
  return CheckRange("central std without noise of devices", p.central_std, 0,
                    0);
}

// n_min - floor(gamma n).
absl::StatusOr<std::uint32_t> HonestDevices(const NoisyEncodingParams& p) {
  const std::uint32_t corrupted =
      MembersIn(p.corrupted_fraction, p.num_devices);
  if (corrupted < p.min_devices) return p.min_devices - corrupted;
  return absl::InvalidArgumentError(absl::StrFormat(
      "of %d devices %d may be corrupted (fraction %g), as many as the fewest "
      "that a sum holds, %d: no honest device is certain",
      p.num_devices, corrupted, p.corrupted_fraction, p.min_devices));
}

std::uint32_t PaddedDimension(const NoisyEncodingParams& p) {
  return std::bit_ceil(p.dimension);
}

DistributedNoise AccountingOf(const NoisyEncodingParams& p,
                              std::uint32_t honest_devices) {
  return {.kind = p.noise.value_or(IntegerNoise::kDiscreteGaussian),
          .clip = p.clip,
          .dimension = PaddedDimension(p),
          .scale = p.scale,
          .central_std = p.central_std,
          .contributors = honest_devices};
}

// (c s n)^2 / d + n/4, in squared steps.
double SignalVariance(const NoisyEncodingParams& p) {
  const double n = p.num_devices, sum = p.clip * p.scale * n;
  return sum * sum / PaddedDimension(p) + n / 4;
}

}  // namespace

absl::StatusOr<NoisyEncoding> NoisyEncoding::Create(
    const NoisyEncodingParams& p) {
  SOTTO_RETURN_IF_ERROR(CheckFields(p));
  NoisyEncoding encoding;
  encoding.params_ = p;
  encoding.padded_dimension_ = PaddedDimension(p);
  SOTTO_ASSIGN_OR_RETURN(encoding.honest_devices_, HonestDevices(p));
  const DistributedNoise accounting = AccountingOf(p, encoding.honest_devices_);
  if (p.noise) {
    SOTTO_RETURN_IF_ERROR(CheckScaleIsFine(accounting));
    const double central = p.central_std * p.scale;
    const double local = central * central / encoding.honest_devices_;
    if (local < 0.25) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "noise of %g units on %d honest devices at scale %g is %g steps on "
          "each, needs half a step; raise the scale",
          p.central_std, encoding.honest_devices_, p.scale, std::sqrt(local)));
    }
    SOTTO_ASSIGN_OR_RETURN(encoding.local_variance_, Variance::AtLeast(local));
  }
  SOTTO_ASSIGN_OR_RETURN(
      const double norm,
      RoundedNormBound(p.clip * p.scale, encoding.padded_dimension_,
                       std::exp(-0.5)));
  // Less the rounding errors of these doubles, so that it is a bound.
  encoding.max_squared_norm_ =
      static_cast<std::uint64_t>(norm * norm * (1 - 1e-12));

  double variance = SignalVariance(p);
  if (p.noise) variance += p.num_devices * encoding.local_variance_->value();
  const double needed = 2 * p.wrap_stds * std::sqrt(variance);
  if (needed > std::ldexp(1.0, static_cast<int>(p.bits))) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "a coordinate of the sum of %d devices has a standard deviation of up "
        "to %.0f steps (clip %g, scale %g, %d coordinates, noise %g); %g of "
        "them either way are %.0f values, more than 2^%d: take %.0f bits or a "
        "lower scale",
        p.num_devices, std::sqrt(variance), p.clip, p.scale,
        encoding.padded_dimension_, p.central_std, p.wrap_stds, needed, p.bits,
        std::ceil(std::log2(needed))));
  }
  return encoding;
}

DistributedNoise NoisyEncoding::accounting() const {
  assert(params_.noise);
  return AccountingOf(params_, honest_devices_);
}

double NoisyEncoding::LogWrapProbability() const {
  const double signal = SignalVariance(params_);
  const double limit = std::ldexp(1.0, static_cast<int>(params_.bits) - 1);
  const double noise =
      local_variance_ ? params_.num_devices * local_variance_->value() : 0;
  // Chernoff: ln P <= ln M(x) - x limit for every x > 0, M the moment
  // generating function; that of Skellam noise is e^(v (cosh x - 1)).
  const double gaussian = limit / (signal + noise);
  const auto exponent = [&](double x) {
    const double of_noise = params_.noise == IntegerNoise::kSkellam
                                ? noise * 2 * std::pow(std::sinh(x / 2), 2)
                                : noise * x * x / 2;
    return signal * x * x / 2 + of_noise - x * limit;
  };
  // The least is at `gaussian` or, as cosh x - 1 >= x^2 / 2, before it; the
  // exponent is convex.
  double low = 0, high = gaussian;
  for (int i = 0; i < 100; ++i) {
    const double a = low + (high - low) / 3, b = high - (high - low) / 3;
    (exponent(a) < exponent(b) ? high : low) =
        exponent(a) < exponent(b) ? b : a;
  }
  return std::min(0.0, exponent(high) + std::log(2.0));
}

absl::StatusOr<double> LargestScale(const NoisyEncodingParams& p) {
  NoisyEncodingParams unit = p;
  unit.scale = 1;
  SOTTO_RETURN_IF_ERROR(CheckFields(unit));
  SOTTO_ASSIGN_OR_RETURN(const std::uint32_t honest, HonestDevices(p));
  const double n = p.num_devices;
  // 4 K^2 (s^2 per_scale + n/4) = 2^(2b), solved for s; the hair pays for the
  // variance's rounding up.
  const double half_width = std::ldexp(1.0, static_cast<int>(p.bits)) / 2;
  const double room = std::pow(half_width / p.wrap_stds, 2) - n / 4;
  if (!(room > 0)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("rounding of %d devices alone needs more than %d bits",
                        p.num_devices, p.bits));
  }
  const double per_scale = std::pow(p.clip * n, 2) / PaddedDimension(p) +
                           n * p.central_std * p.central_std / honest;
  return std::min(std::sqrt(room / per_scale) * (1 - 1e-3),
                  kMaxScaledClip / p.clip);
}

}  // namespace sotto::privacy
