#include "watermark/embed/owner_mark.h"

#include <algorithm>
#include <cmath>

#include "base/status.h"
#include "runtime/loader/model_file.h"
#include "watermark/embed/marked_file.h"

namespace sotto::watermark {
namespace {

struct LayerFit {
  double level = 0;      // mean of sign * weight over the owner's half
  double deviation = 0;  // of the layer without that component
};

LayerFit Fit(const std::vector<float>& weights,
             const std::vector<std::uint8_t>& half,
             const std::vector<std::int8_t>& signs, std::size_t begin) {
  double sum = 0, squares = 0;
  std::size_t count = 0;
  for (std::size_t k = 0; k < weights.size(); ++k) {
    squares += static_cast<double>(weights[k]) * weights[k];
    if (half[begin + k] == 0) continue;
    sum += static_cast<double>(signs[begin + k]) * weights[k];
    ++count;
  }
  if (count == 0) return {};
  const double n = static_cast<double>(count);
  const double rest = std::max(0.0, squares - sum * sum / n);
  return {.level = sum / n,
          .deviation = std::sqrt(rest / static_cast<double>(weights.size()))};
}

}  // namespace

std::vector<std::int8_t> OwnerSigns(const OwnerKey& key, const Nonce& nonce,
                                    std::size_t size) {
  const std::vector<std::uint8_t> bits =
      KeyedBits(key, "A.chips", nonce).Bits(size);
  std::vector<std::int8_t> signs(size);
  for (std::size_t i = 0; i < size; ++i) {
    signs[i] = static_cast<std::int8_t>(2 * bits[i] - 1);
  }
  return signs;
}

double DefaultStrength(std::size_t owner_weights) {
  return std::clamp(30 / std::sqrt(static_cast<double>(owner_weights)), 0.05,
                    0.2);
}

absl::StatusOr<EmbedReport> EmbedOwnerMark(ByteView file, const OwnerKey& key,
                                           const Nonce& nonce,
                                           double strength) {
  if (!(strength >= 0 && strength <= 1)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("strength is %g, expected 0 to 1", strength));
  }
  SOTTO_ASSIGN_OR_RETURN(const runtime::Model model,
                         runtime::ParseModel({file.begin(), file.end()}));
  SOTTO_ASSIGN_OR_RETURN(const UnitGraph graph, BuildUnitGraph(model));
  SOTTO_ASSIGN_OR_RETURN(const Carrier carrier, FindCarrier(graph));
  const std::vector<std::uint8_t> half = OwnerHalf(key, carrier.size);
  const std::vector<std::int8_t> signs = OwnerSigns(key, nonce, carrier.size);
  std::vector<LayerValues> layers = ReadLayers(model, graph);

  EmbedReport report;
  report.weights =
      static_cast<std::size_t>(std::count(half.begin(), half.end(), 1));
  report.strength = strength > 0 ? strength : DefaultStrength(report.weights);
  for (const CarrierLayer& part : carrier.layers) {
    std::vector<float>& weights = layers[part.layer].weights;
    const LayerFit fit = Fit(weights, half, signs, part.begin);
    if (fit.deviation == 0) continue;
    report.before +=
        fit.level / fit.deviation / static_cast<double>(carrier.layers.size());
    const double step = report.strength * fit.deviation - fit.level;
    if (step <= 0) continue;
    for (std::size_t k = 0; k < weights.size(); ++k) {
      if (half[part.begin + k] == 0) continue;
      weights[k] += static_cast<float>(step * signs[part.begin + k]);
    }
  }
  SOTTO_ASSIGN_OR_RETURN(report.file,
                         WithWeights(file, graph, carrier, layers));
  return report;
}

}  // namespace sotto::watermark
