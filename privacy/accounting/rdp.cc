#include "privacy/accounting/rdp.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/status.h"
#include "privacy/accounting/ranges.h"
#include "privacy/accounting/sampled_gaussian_rdp.h"

namespace sotto::privacy {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// More than the rounding of a conversion and of the sums that lead to it.
constexpr double kInflation = 1e-14;
// ln(1 - 1/order) and 1/(order - 1) lose their digits near 1, where the bound
// is useless anyway.
constexpr double kMinConvertedOrder = 1.01;

}  // namespace

absl::Status CheckOrder(double order) {
  if (order > 1 && order <= kMaxRdpOrder) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat(
      "order is %g, must be above 1 and at most %g", order, kMaxRdpOrder));
}

std::vector<double> DefaultRdpOrders() {
  std::vector<double> orders;
  for (int i = 11; i <= 109; ++i) orders.push_back(i / 10.0);
  for (int i = 12; i <= 63; ++i) orders.push_back(i);
  for (const int i :
       {64, 72, 80, 96, 112, 128, 160, 192, 256, 384, 512, 768, 1024})
    orders.push_back(i);
  return orders;
}

std::vector<double> IntegerRdpOrders() {
  std::vector<double> orders;
  for (int i = 2; i <= 128; ++i) orders.push_back(i);
  for (const int i : {160, 192, 256, 384, 512, 768, 1024}) orders.push_back(i);
  return orders;
}

double EpsilonAtOrder(double order, double divergence, double delta) {
  if (delta * delta + std::expm1(-divergence) > 0) return 0;
  if (order < kMinConvertedOrder) return kInfinity;
  const double price = -std::log(delta * order) / (order - 1);
  const double epsilon = divergence + std::log1p(-1 / order) + price;
  // The terms may cancel: the error is theirs, not the sum's.
  return std::max(0.0,
                  epsilon + kInflation * (1 + divergence + std::fabs(price)));
}

double DeltaAtOrder(double order, double divergence, double epsilon) {
  // Never a claim of pure privacy: the result stays above 0.
  if (divergence == 0) return std::numeric_limits<double>::min();
  double log_delta = 0.5 * std::log(-std::expm1(-divergence));
  if (order >= kMinConvertedOrder && std::isfinite(divergence)) {
    const double bound =
        (order - 1) * (divergence - epsilon + std::log1p(-1 / order)) -
        std::log(order);
    log_delta = std::min(
        log_delta, bound + kInflation * (order * (1 + divergence + epsilon)));
  }
  return std::clamp(std::exp(log_delta) * (1 + kInflation),
                    std::numeric_limits<double>::min(), 1.0);
}

absl::StatusOr<RdpAccountant> RdpAccountant::Create(
    std::vector<double> orders) {
  if (orders.empty()) {
    return absl::InvalidArgumentError("no order to account at");
  }
  for (const double order : orders) SOTTO_RETURN_IF_ERROR(CheckOrder(order));
  return RdpAccountant(std::move(orders));
}

absl::Status RdpAccountant::Add(
    const std::function<absl::StatusOr<double>(double)>& divergence,
    std::int64_t count) {
  SOTTO_RETURN_IF_ERROR(CheckCount("count", count));
  std::vector<double> sums = divergences_;
  for (std::size_t i = 0; i < orders_.size(); ++i) {
    SOTTO_ASSIGN_OR_RETURN(const double one, divergence(orders_[i]));
    if (!(one >= 0)) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "divergence is %g at order %g, must be at least 0", one, orders_[i]));
    }
    // Rounded up twice, so that a ledger may add as often as it likes.
    sums[i] = std::nextafter(
        sums[i] + one * static_cast<double>(count) * (1 + 0x1p-52), kInfinity);
  }
  divergences_ = std::move(sums);
  return absl::OkStatus();
}

absl::Status RdpAccountant::AddGaussian(double noise_multiplier,
                                        std::int64_t count) {
  return AddSampledGaussian(noise_multiplier, 1, count);
}

absl::Status RdpAccountant::AddSampledGaussian(double noise_multiplier,
                                               double sampling_probability,
                                               std::int64_t count) {
  return Add(
      [&](double order) {
        return SampledGaussianRdp(noise_multiplier, sampling_probability,
                                  order);
      },
      count);
}

absl::StatusOr<RdpBound> RdpAccountant::Epsilon(double delta) const {
  SOTTO_RETURN_IF_ERROR(CheckDelta(delta));
  RdpBound best{.value = kInfinity, .order = 0};
  for (std::size_t i = 0; i < orders_.size(); ++i) {
    const double epsilon = EpsilonAtOrder(orders_[i], divergences_[i], delta);
    if (epsilon < best.value) best = {.value = epsilon, .order = orders_[i]};
  }
  return best;
}

absl::StatusOr<RdpBound> RdpAccountant::Delta(double epsilon) const {
  SOTTO_RETURN_IF_ERROR(CheckEpsilon(epsilon));
  RdpBound best{.value = 1, .order = 0};
  for (std::size_t i = 0; i < orders_.size(); ++i) {
    const double delta = DeltaAtOrder(orders_[i], divergences_[i], epsilon);
    if (delta < best.value) best = {.value = delta, .order = orders_[i]};
  }
  return best;
}

}  // namespace sotto::privacy
