// Renyi differential privacy (Mironov 2017): a divergence per order, added over
// releases, and turned into (epsilon, delta) at the end.
//
//   epsilon = r(a) + ln(1 - 1/a) - ln(delta a) / (a - 1)
// minimised over the orders a of the curve (Canonne, Kamath and Steinke 2020,
// proposition 12; Asoodeh et al. 2020). Where delta >= sqrt(1 - e^-r), which
// bounds the total variation (Bretagnolle and Huber), epsilon is 0. Every order
// gives a valid bound, so a coarse grid costs tightness, never safety.
//
// Neighbours are those of the curves that were added; do not mix. Orders above
// 1, divergences at least 0, possibly infinite. No unit. Errors:
// INVALID_ARGUMENT names the argument. Not thread-safe.

#ifndef SOTTO_PRIVACY_ACCOUNTING_RDP_H_
#define SOTTO_PRIVACY_ACCOUNTING_RDP_H_

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace sotto::privacy {

inline constexpr double kMaxRdpOrder = 65536;

// 1 < order <= kMaxRdpOrder.
absl::Status CheckOrder(double order);

// 1.1 to 10.9 by 0.1, 12 to 63 by 1, then to 1024 in growing steps: from the
// very private to a single release with much noise.
std::vector<double> DefaultRdpOrders();
// The whole numbers of that grid, and 2 to 11: for mechanisms whose bound holds
// at whole orders only.
std::vector<double> IntegerRdpOrders();

// One conversion and the order that gave it (0 where no order did).
struct RdpBound {
  double value = 0;  // epsilon or delta
  double order = 0;
};

class RdpAccountant {
 public:
  // INVALID_ARGUMENT: no order, or one out of range.
  static absl::StatusOr<RdpAccountant> Create(std::vector<double> orders);

  // `count` releases, each with `divergence(order)`, at least 0 or infinite.
  absl::Status Add(
      const std::function<absl::StatusOr<double>(double)>& divergence,
      std::int64_t count);
  // Gaussian releases at noise multiplier std/sensitivity: order / (2 s^2).
  absl::Status AddGaussian(double noise_multiplier, std::int64_t count);
  // Gaussian steps over Poisson samples (sampled_gaussian_rdp.h).
  absl::Status AddSampledGaussian(double noise_multiplier,
                                  double sampling_probability,
                                  std::int64_t count);

  // The bound on epsilon; infinite where no order gives one.
  absl::StatusOr<RdpBound> Epsilon(double delta) const;
  // The bound on delta, at most 1.
  absl::StatusOr<RdpBound> Delta(double epsilon) const;

  std::span<const double> orders() const { return orders_; }
  std::span<const double> divergences() const { return divergences_; }

 private:
  explicit RdpAccountant(std::vector<double> orders)
      : orders_(std::move(orders)), divergences_(orders_.size(), 0.0) {}

  std::vector<double> orders_, divergences_;
};

// The bound that one order gives; infinite where it gives none.
double EpsilonAtOrder(double order, double divergence, double delta);
double DeltaAtOrder(double order, double divergence, double epsilon);

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_ACCOUNTING_RDP_H_
