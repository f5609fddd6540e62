#include "watermark/detect/alignment.h"

#include <algorithm>
#include <cmath>

#include "base/status.h"
#include "watermark/detect/assignment.h"

namespace sotto::watermark {
namespace {

absl::Status Differs(std::size_t layer, const char* what) {
  return absl::InvalidArgumentError(absl::StrFormat(
      "the suspect has another architecture: weighted layer %d differs in %s",
      static_cast<int>(layer), what));
}

// Same layers in the same places; unit counts may differ where groups are free.
absl::Status CheckSkeleton(const UnitGraph& a, const UnitGraph& b,
                           bool same_units) {
  if (a.layers.size() != b.layers.size()) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "the suspect has another architecture: %d weighted layers, the "
        "reference has %d",
        static_cast<int>(b.layers.size()), static_cast<int>(a.layers.size())));
  }
  for (std::size_t i = 0; i < a.layers.size(); ++i) {
    const UnitLayer &x = a.layers[i], &y = b.layers[i];
    if (x.code != y.code) return Differs(i, "its operator");
    if (x.taps != y.taps) return Differs(i, "its window");
    if ((x.bias == runtime::kAbsent) != (y.bias == runtime::kAbsent)) {
      return Differs(i, "having a bias");
    }
    if (x.in_group != y.in_group || x.out_group != y.out_group) {
      return Differs(i, "what it is connected to");
    }
    const bool in_free = !same_units && !a.groups[x.in_group].fixed;
    const bool out_free = !same_units && !a.groups[x.out_group].fixed;
    if ((!in_free && x.in != y.in) || (!out_free && x.out != y.out)) {
      return Differs(i, "its number of units");
    }
  }
  return absl::OkStatus();
}

// A product that leaves the range of float counts as erased.
float Finite(double value) {
  const auto narrow = static_cast<float>(value);
  return std::isfinite(narrow) ? narrow : 0.0f;
}

struct Match {
  double dot = 0, reference = 0, suspect = 0;
  double cosine() const {
    const double norm = std::sqrt(reference * suspect);
    return norm > 0 ? dot / norm : 0;
  }
  // Least squares: what the suspect's unit must be multiplied by. Pruning does
  // not move it, since what is left equals the reference.
  double gain() const { return dot > 0 && suspect > 0 ? dot / suspect : 1; }
  void Add(double r, double s) {
    dot += r * s;
    reference += r * r;
    suspect += s * s;
  }
};

class Aligner {
 public:
  Aligner(const UnitGraph& reference_graph, const UnitGraph& suspect_graph,
          const std::vector<LayerValues>& reference,
          std::vector<LayerValues> suspect)
      : graph_(reference_graph),
        shape_(suspect_graph.layers),
        reference_(reference),
        done_(reference_graph.groups.size()) {
    result_.layers = std::move(suspect);
  }

  Alignment Run() && {
    for (std::size_t g = 0; g < graph_.groups.size(); ++g) {
      done_[g] = graph_.groups[g].fixed;
    }
    // Layers are in execution order, so a group's first producer reads groups
    // that are done.
    for (const UnitLayer& layer : graph_.layers) {
      if (!done_[layer.out_group]) AlignGroup(layer.out_group);
    }
    Score();
    return std::move(result_);
  }

 private:
  // Compares unit `r` of the reference with unit `s` of the suspect by the
  // incoming weights from groups that are done.
  Match Compare(const UnitGroup& group, std::size_t r, std::size_t s) const {
    Match match;
    for (const std::size_t index : group.producers) {
      const UnitLayer& layer = graph_.layers[index];
      if (!done_[layer.in_group]) continue;
      const std::size_t row = layer.taps * layer.in;
      const float* a = reference_[index].weights.data() + r * row;
      const float* b = result_.layers[index].weights.data() + s * row;
      for (std::size_t k = 0; k < row; ++k) match.Add(a[k], b[k]);
      if (layer.bias != runtime::kAbsent) {
        match.Add(reference_[index].bias[r], result_.layers[index].bias[s]);
      }
    }
    return match;
  }

  void AlignGroup(std::size_t g) {
    const UnitGroup& group = graph_.groups[g];
    const std::size_t rows = group.units;
    const std::size_t columns = shape_[group.producers.front()].out;
    std::vector<double> cost(rows * columns);
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t s = 0; s < columns; ++s) {
        cost[r * columns + s] = -Compare(group, r, s).cosine();
      }
    }
    const std::vector<std::size_t> from = Assign(cost, rows, columns);
    std::vector<double> gain(rows, 1.0);
    for (std::size_t r = 0; r < rows; ++r) {
      if (from[r] == kUnassigned) {
        ++result_.erased;
        continue;
      }
      if (from[r] != r) ++result_.moved;
      if (group.homogeneous) gain[r] = Compare(group, r, from[r]).gain();
      if (std::abs(gain[r] - 1) > 0.05) ++result_.rescaled;
    }
    for (const std::size_t index : group.producers) Rows(index, from, gain);
    for (const std::size_t index : group.depthwise) Channels(index, from);
    for (const std::size_t index : group.consumers) {
      Columns(index, from, gain);
    }
    done_[g] = true;
  }

  void Rows(std::size_t index, const std::vector<std::size_t>& from,
            const std::vector<double>& gain) {
    UnitLayer& layer = shape_[index];
    LayerValues& values = result_.layers[index];
    const std::size_t row = layer.taps * layer.in;
    LayerValues next;
    next.weights.resize(from.size() * row);
    next.bias.resize(values.bias.empty() ? 0 : from.size());
    for (std::size_t r = 0; r < from.size(); ++r) {
      if (from[r] == kUnassigned) continue;
      for (std::size_t k = 0; k < row; ++k) {
        next.weights[r * row + k] =
            Finite(gain[r] * values.weights[from[r] * row + k]);
      }
      if (!next.bias.empty())
        next.bias[r] = Finite(gain[r] * values.bias[from[r]]);
    }
    values = std::move(next);
    layer.out = from.size();
  }

  // A depthwise layer carries its group's scale through: order only.
  void Channels(std::size_t index, const std::vector<std::size_t>& from) {
    UnitLayer& layer = shape_[index];
    LayerValues& values = result_.layers[index];
    LayerValues next;
    next.weights.resize(layer.taps * from.size());
    next.bias.resize(values.bias.empty() ? 0 : from.size());
    for (std::size_t r = 0; r < from.size(); ++r) {
      if (from[r] == kUnassigned) continue;
      for (std::size_t t = 0; t < layer.taps; ++t) {
        next.weights[t * from.size() + r] =
            values.weights[t * layer.out + from[r]];
      }
      if (!next.bias.empty()) next.bias[r] = values.bias[from[r]];
    }
    values = std::move(next);
    layer.out = from.size();
  }

  void Columns(std::size_t index, const std::vector<std::size_t>& from,
               const std::vector<double>& gain) {
    UnitLayer& layer = shape_[index];
    LayerValues& values = result_.layers[index];
    std::vector<float> next(layer.out * layer.taps * from.size());
    for (std::size_t o = 0; o < layer.out * layer.taps; ++o) {
      for (std::size_t r = 0; r < from.size(); ++r) {
        if (from[r] == kUnassigned) continue;
        next[o * from.size() + r] =
            Finite(values.weights[o * layer.in + from[r]] / gain[r]);
      }
    }
    values.weights = std::move(next);
    layer.in = from.size();
  }

  void Score() {
    double sum = 0;
    std::size_t count = 0;
    for (const UnitGroup& group : graph_.groups) {
      if (group.fixed) continue;
      for (std::size_t r = 0; r < group.units; ++r, ++count) {
        sum += Compare(group, r, r).cosine();
      }
    }
    result_.lineage = count > 0 ? sum / static_cast<double>(count) : 0;
  }

  const UnitGraph& graph_;
  std::vector<UnitLayer> shape_;  // of result_.layers
  const std::vector<LayerValues>& reference_;
  std::vector<bool> done_;
  Alignment result_;
};

}  // namespace

absl::StatusOr<Alignment> TakeAsIs(const runtime::Model& reference,
                                   const runtime::Model& suspect) {
  SOTTO_ASSIGN_OR_RETURN(const UnitGraph graph, BuildUnitGraph(reference));
  SOTTO_ASSIGN_OR_RETURN(const UnitGraph other, BuildUnitGraph(suspect));
  SOTTO_RETURN_IF_ERROR(CheckSkeleton(graph, other, /*same_units=*/true));
  Alignment result;
  result.layers = ReadLayers(suspect, other);
  return result;
}

absl::StatusOr<Alignment> Align(const runtime::Model& reference,
                                const runtime::Model& suspect) {
  SOTTO_ASSIGN_OR_RETURN(const UnitGraph graph, BuildUnitGraph(reference));
  SOTTO_ASSIGN_OR_RETURN(const UnitGraph other, BuildUnitGraph(suspect));
  SOTTO_RETURN_IF_ERROR(CheckSkeleton(graph, other, /*same_units=*/false));
  const std::vector<LayerValues> values = ReadLayers(reference, graph);
  return Aligner(graph, other, values, ReadLayers(suspect, other)).Run();
}

}  // namespace sotto::watermark
