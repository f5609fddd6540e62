#include "watermark/detect/owner_evidence.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/status.h"
#include "watermark/detect/alignment.h"

namespace sotto::watermark {
namespace {

double MedianOfNonZero(const std::vector<float>& weights) {
  std::vector<float> sizes;
  for (const float weight : weights) {
    if (weight != 0) sizes.push_back(std::abs(weight));
  }
  if (sizes.empty()) return 0;
  const auto middle =
      sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() / 2);
  std::nth_element(sizes.begin(), middle, sizes.end());
  return *middle;
}

std::vector<double> Clipped(const Carrier& carrier,
                            const std::vector<LayerValues>& layers) {
  std::vector<double> values(carrier.size);
  for (const CarrierLayer& part : carrier.layers) {
    const std::vector<float>& weights = layers[part.layer].weights;
    const double scale = MedianOfNonZero(weights);
    if (scale == 0) continue;
    for (std::size_t k = 0; k < part.size; ++k) {
      values[part.begin + k] = std::clamp(weights[k] / scale, -1.0, 1.0);
    }
  }
  return values;
}

SignStatistic Statistic(const Evidence::View& view,
                        const std::vector<std::uint8_t>& half,
                        const std::vector<std::int8_t>& signs,
                        std::vector<double>& carried) {
  SignStatistic statistic;
  carried.clear();
  double energy = 0;
  for (std::size_t i = 0; i < view.values.size(); ++i) {
    if (half[i] == 0) continue;
    const double a = view.values[i];
    carried.push_back(a);
    statistic.t += signs[i] * a;
    energy += a * a;
  }
  statistic.norm = std::sqrt(energy);
  return statistic;
}

}  // namespace

absl::StatusOr<Evidence> ReadEvidence(const runtime::Model& reference,
                                      const runtime::Model& suspect) {
  SOTTO_ASSIGN_OR_RETURN(const UnitGraph graph, BuildUnitGraph(reference));
  SOTTO_ASSIGN_OR_RETURN(const Carrier carrier, FindCarrier(graph));
  SOTTO_ASSIGN_OR_RETURN(const Alignment aligned, Align(reference, suspect));
  Evidence evidence;
  evidence.lineage = aligned.lineage;
  // Pruned units or added ones leave the aligned view only.
  if (const auto plain = TakeAsIs(reference, suspect); plain.ok()) {
    evidence.views.push_back(
        {.name = "as is", .values = Clipped(carrier, plain->layers)});
  }
  evidence.views.push_back({.name = "aligned",
                            .values = Clipped(carrier, aligned.layers),
                            .moved = aligned.moved,
                            .rescaled = aligned.rescaled,
                            .erased = aligned.erased});
  return evidence;
}

OwnerResult TestOwner(const Evidence::View& view, const OwnerKey& key,
                      const Nonce& nonce) {
  std::vector<double> carried;
  OwnerResult result;
  result.statistic =
      Statistic(view, OwnerHalf(key, view.values.size()),
                OwnerSigns(key, nonce, view.values.size()), carried);
  result.ln_p = LnSignBound(carried, result.statistic.t);
  result.weights = carried.size();
  return result;
}

Calibration CalibrateOwner(const Evidence::View& view, std::size_t keys,
                           crypto::Rng& rng) {
  Calibration calibration = {
      .keys = keys,
      .largest_z = keys == 0 ? 0 : -std::numeric_limits<double>::infinity()};
  double sum = 0, squares = 0;
  std::vector<double> carried;
  for (std::size_t n = 0; n < keys; ++n) {
    const OwnerKey key = OwnerKey::Generate(rng);
    Nonce nonce;
    rng.Fill(nonce);
    const double z =
        Statistic(view, OwnerHalf(key, view.values.size()),
                  OwnerSigns(key, nonce, view.values.size()), carried)
            .z();
    sum += z;
    squares += z * z;
    calibration.largest_z = std::max(calibration.largest_z, z);
  }
  if (keys > 1) {
    const double count = static_cast<double>(keys);
    calibration.mean_z = sum / count;
    calibration.deviation_z =
        std::sqrt(std::max(0.0, squares - sum * sum / count) / (count - 1));
  }
  return calibration;
}

}  // namespace sotto::watermark
