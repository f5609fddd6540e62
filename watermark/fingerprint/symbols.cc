#include "watermark/fingerprint/symbols.h"

#include <algorithm>
#include <cmath>

namespace sotto::watermark {
namespace {

// Of a layer's difference, clipped: robust against weights that were moved far.
constexpr double kClipQuantile = 0.9, kClipFactor = 1.5, kSymbolLimit = 3;

struct Read {
  const FingerprintCode::Chip* chip;
  double residual;
};

double Gain(const std::vector<float>& master,
            const std::vector<float>& suspect) {
  double dot = 0, energy = 0;
  for (std::size_t k = 0; k < master.size(); ++k) {
    dot += static_cast<double>(master[k]) * suspect[k];
    energy += static_cast<double>(suspect[k]) * suspect[k];
  }
  return dot > 0 ? dot / energy : 0;
}

double ClipLimit(const std::vector<Read>& reads) {
  std::vector<double> sizes;
  for (const Read& read : reads) sizes.push_back(std::abs(read.residual));
  const auto at = sizes.begin() +
                  static_cast<std::ptrdiff_t>(
                      kClipQuantile * static_cast<double>(sizes.size() - 1));
  std::nth_element(sizes.begin(), at, sizes.end());
  return kClipFactor * *at;
}

double MeanSquare(const std::vector<float>& values) {
  double sum = 0;
  for (const float value : values) sum += static_cast<double>(value) * value;
  return sum / static_cast<double>(values.size());
}

void AddLayer(std::vector<Read>& reads, double deviation,
              std::vector<double>& sums) {
  if (reads.empty()) return;
  const double limit = ClipLimit(reads);
  double squares = 0;
  for (Read& read : reads) {
    read.residual = std::clamp(read.residual, -limit, limit);
    squares += read.residual * read.residual;
  }
  if (squares == 0) return;
  const double weight = deviation * static_cast<double>(reads.size()) / squares;
  for (const Read& read : reads) {
    sums[read.chip->symbol] += weight * read.chip->sign * read.residual;
  }
}

}  // namespace

std::vector<CodeSymbol> ReadSymbols(const Carrier& carrier,
                                    const FingerprintCode& code,
                                    const std::vector<LayerValues>& master,
                                    const std::vector<LayerValues>& suspect) {
  std::vector<std::vector<Read>> reads(carrier.layers.size());
  std::vector<double> gains;
  std::vector<std::size_t> ends;
  for (const CarrierLayer& part : carrier.layers) {
    gains.push_back(
        Gain(master[part.layer].weights, suspect[part.layer].weights));
    ends.push_back(part.begin + part.size);
  }
  for (const FingerprintCode::Chip& chip : code.chips()) {
    const auto index = static_cast<std::size_t>(
        std::ranges::upper_bound(ends, chip.coordinate) - ends.begin());
    const CarrierLayer& part = carrier.layers[index];
    const std::size_t k = chip.coordinate - part.begin;
    const double value = suspect[part.layer].weights[k];
    if (value == 0) continue;
    reads[index].push_back(
        {&chip, gains[index] * value - master[part.layer].weights[k]});
  }
  std::vector<double> sums(code.bias().size());
  for (std::size_t i = 0; i < reads.size(); ++i) {
    const auto& weights = master[carrier.layers[i].layer].weights;
    AddLayer(reads[i], std::sqrt(MeanSquare(weights)), sums);
  }
  double squares = 0;
  for (const double sum : sums) squares += sum * sum;
  const double rms = std::sqrt(squares / static_cast<double>(sums.size()));
  std::vector<CodeSymbol> symbols(sums.size());
  for (std::size_t i = 0; i < sums.size(); ++i) {
    symbols[i] = {
        .y = rms > 0 ? std::clamp(sums[i] / rms, -kSymbolLimit, kSymbolLimit)
                     : 0,
        .p = code.bias()[i]};
  }
  return symbols;
}

}  // namespace sotto::watermark
