#include "watermark/attack/attacks.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>
#include <vector>

#include "base/codec.h"
#include "base/status.h"
#include "crypto/rng.h"
#include "runtime/loader/model_writer.h"
#include "watermark/detect/unit_graph.h"

namespace sotto::watermark {
namespace {

absl::Status CheckRange(const char* name, double value, double low,
                        double high) {
  if (low <= value && value <= high) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("%s is %g, expected %g to %g", name, value, low, high));
}

crypto::SeededRng RngOf(const char* attack, std::uint64_t seed) {
  return crypto::SeededRng(
      Encoder("sotto/watermark-attack/v1").Text(attack).U64(seed).bytes());
}

double Normal(crypto::Rng& rng) {
  const auto uniform = [&] {
    return (static_cast<double>(crypto::UniformBelow(rng, 1u << 31)) + 0.5) /
           static_cast<double>(1u << 31);
  };
  return std::sqrt(-2 * std::log(uniform())) *
         std::cos(2 * std::numbers::pi * uniform());
}

void Store(runtime::Model& model, const UnitGraph& graph,
           const std::vector<LayerValues>& layers) {
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const UnitLayer& layer = graph.layers[i];
    runtime::SetFloats(model, layer.weights, layers[i].weights);
    if (!layers[i].bias.empty()) {
      runtime::SetFloats(model, layer.bias, layers[i].bias);
    }
  }
}

// Unit r of the result is unit from[r] of the model times gain[r].
void MoveUnits(const UnitGraph& graph, const UnitGroup& group,
               const std::vector<std::size_t>& from,
               const std::vector<double>& gain,
               std::vector<LayerValues>& layers) {
  const auto move_out = [&](std::size_t index, bool scaled) {
    const UnitLayer& layer = graph.layers[index];
    const LayerValues old = layers[index];
    for (std::size_t r = 0; r < from.size(); ++r) {
      const double factor = scaled ? gain[r] : 1;
      for (std::size_t t = 0; t < layer.taps; ++t) {
        for (std::size_t i = 0; i < layer.in; ++i) {
          layers[index].weights[WeightIndex(layer, r, t, i)] =
              static_cast<float>(
                  factor * old.weights[WeightIndex(layer, from[r], t, i)]);
        }
      }
      if (old.bias.empty()) continue;
      layers[index].bias[r] = static_cast<float>(gain[r] * old.bias[from[r]]);
    }
  };
  for (const std::size_t index : group.producers) move_out(index, true);
  // Its input is scaled already; only its own bias must follow.
  for (const std::size_t index : group.depthwise) move_out(index, false);
  for (const std::size_t index : group.consumers) {
    const UnitLayer& layer = graph.layers[index];
    const LayerValues old = layers[index];
    for (std::size_t o = 0; o < layer.out; ++o) {
      for (std::size_t t = 0; t < layer.taps; ++t) {
        for (std::size_t r = 0; r < from.size(); ++r) {
          layers[index].weights[WeightIndex(layer, o, t, r)] =
              static_cast<float>(
                  old.weights[WeightIndex(layer, o, t, from[r])] / gain[r]);
        }
      }
    }
  }
}

}  // namespace

absl::StatusOr<runtime::Model> Prune(const runtime::Model& model,
                                     double fraction) {
  SOTTO_RETURN_IF_ERROR(CheckRange("fraction", fraction, 0, 0.999999));
  SOTTO_ASSIGN_OR_RETURN(const UnitGraph graph, BuildUnitGraph(model));
  std::vector<LayerValues> layers = ReadLayers(model, graph);
  std::vector<float> sizes;
  for (const LayerValues& layer : layers) {
    for (const float weight : layer.weights) sizes.push_back(std::abs(weight));
  }
  const auto keep_from =
      static_cast<std::ptrdiff_t>(fraction * static_cast<double>(sizes.size()));
  const auto limit = sizes.begin() + keep_from;
  std::nth_element(sizes.begin(), limit, sizes.end());
  for (LayerValues& layer : layers) {
    for (float& weight : layer.weights) {
      if (std::abs(weight) < *limit) weight = 0;
    }
  }
  runtime::Model pruned = model;
  Store(pruned, graph, layers);
  return pruned;
}

absl::StatusOr<Bytes> Quantise(const runtime::Model& model, int bits) {
  SOTTO_RETURN_IF_ERROR(CheckRange("bits", bits, 2, 8));
  return runtime::WriteQuantizedModel(model, (1 << (bits - 1)) - 1);
}

absl::StatusOr<runtime::Model> PermuteUnits(const runtime::Model& model,
                                            std::uint64_t seed) {
  SOTTO_ASSIGN_OR_RETURN(const UnitGraph graph, BuildUnitGraph(model));
  std::vector<LayerValues> layers = ReadLayers(model, graph);
  crypto::SeededRng rng = RngOf("permute", seed);
  for (const UnitGroup& group : graph.groups) {
    if (group.fixed) continue;
    std::vector<std::size_t> from(group.units);
    std::iota(from.begin(), from.end(), 0);
    for (std::size_t i = from.size(); i > 1; --i) {
      std::swap(from[i - 1], from[crypto::UniformBelow(rng, i)]);
    }
    MoveUnits(graph, group, from, std::vector<double>(group.units, 1.0),
              layers);
  }
  runtime::Model moved = model;
  Store(moved, graph, layers);
  return moved;
}

absl::StatusOr<runtime::Model> ScaleUnits(const runtime::Model& model,
                                          double spread, std::uint64_t seed) {
  SOTTO_RETURN_IF_ERROR(CheckRange("spread", spread, 0, 4));
  SOTTO_ASSIGN_OR_RETURN(const UnitGraph graph, BuildUnitGraph(model));
  std::vector<LayerValues> layers = ReadLayers(model, graph);
  crypto::SeededRng rng = RngOf("scale", seed);
  for (const UnitGroup& group : graph.groups) {
    if (group.fixed || !group.homogeneous) continue;
    std::vector<std::size_t> from(group.units);
    std::iota(from.begin(), from.end(), 0);
    std::vector<double> gain(group.units);
    for (double& value : gain) value = std::exp(spread * Normal(rng));
    MoveUnits(graph, group, from, gain, layers);
  }
  runtime::Model scaled = model;
  Store(scaled, graph, layers);
  return scaled;
}

absl::StatusOr<runtime::Model> AddNoise(const runtime::Model& model,
                                        double level, std::uint64_t seed) {
  SOTTO_RETURN_IF_ERROR(CheckRange("level", level, 0, 10));
  SOTTO_ASSIGN_OR_RETURN(const UnitGraph graph, BuildUnitGraph(model));
  std::vector<LayerValues> layers = ReadLayers(model, graph);
  crypto::SeededRng rng = RngOf("noise", seed);
  for (LayerValues& layer : layers) {
    double squares = 0;
    for (const float weight : layer.weights) {
      squares += static_cast<double>(weight) * weight;
    }
    const double deviation =
        std::sqrt(squares / static_cast<double>(layer.weights.size()));
    for (float& weight : layer.weights) {
      weight += static_cast<float>(level * deviation * Normal(rng));
    }
  }
  runtime::Model noisy = model;
  Store(noisy, graph, layers);
  return noisy;
}

}  // namespace sotto::watermark
