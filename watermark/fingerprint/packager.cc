#include "watermark/fingerprint/packager.h"

#include <cmath>
#include <utility>
#include <vector>

#include "base/status.h"
#include "runtime/loader/model_file.h"
#include "watermark/embed/marked_file.h"

namespace sotto::watermark {

struct Packager::State {
  Bytes master;
  UnitGraph graph;
  Carrier carrier;
  std::vector<LayerValues> layers;
  FingerprintCode code;
  // By coordinate: where it lies and the step there.
  std::vector<std::uint32_t> layer;
  std::vector<double> step;  // by carrier layer
};

namespace {

double Deviation(const std::vector<float>& weights) {
  double squares = 0;
  for (const float weight : weights) {
    squares += static_cast<double>(weight) * weight;
  }
  return std::sqrt(squares / static_cast<double>(weights.size()));
}

}  // namespace

absl::StatusOr<Packager> Packager::Create(ByteView master,
                                          const OwnerKey& key) {
  SOTTO_ASSIGN_OR_RETURN(const runtime::Model model,
                         runtime::ParseModel({master.begin(), master.end()}));
  SOTTO_ASSIGN_OR_RETURN(UnitGraph graph, BuildUnitGraph(model));
  SOTTO_ASSIGN_OR_RETURN(Carrier carrier, FindCarrier(graph));
  std::vector<LayerValues> layers = ReadLayers(model, graph);
  FingerprintCode code(key, ModelDigest(model), carrier);
  std::vector<std::uint32_t> layer_of(carrier.size);
  std::vector<double> step;
  for (std::size_t i = 0; i < carrier.layers.size(); ++i) {
    const CarrierLayer& part = carrier.layers[i];
    step.push_back(kFingerprintStep * Deviation(layers[part.layer].weights));
    for (std::size_t k = 0; k < part.size; ++k) {
      layer_of[part.begin + k] = static_cast<std::uint32_t>(i);
    }
  }
  return Packager(std::make_shared<const State>(
      State{.master = {master.begin(), master.end()},
            .graph = std::move(graph),
            .carrier = std::move(carrier),
            .layers = std::move(layers),
            .code = std::move(code),
            .layer = std::move(layer_of),
            .step = std::move(step)}));
}

absl::StatusOr<Bytes> Packager::Package(const std::string& release,
                                        const std::string& recipient) const {
  const std::vector<std::uint8_t> bits =
      state_->code.BitsOf(release, recipient);
  std::vector<LayerValues> layers = state_->layers;
  for (const FingerprintCode::Chip& chip : state_->code.chips()) {
    const std::uint32_t index = state_->layer[chip.coordinate];
    const CarrierLayer& part = state_->carrier.layers[index];
    const double direction = bits[chip.symbol] == 1 ? chip.sign : -chip.sign;
    layers[part.layer].weights[chip.coordinate - part.begin] +=
        static_cast<float>(state_->step[index] * direction);
  }
  return WithWeights(state_->master, state_->graph, state_->carrier, layers);
}

absl::StatusOr<Bytes> PackageFor(ByteView master, const OwnerKey& key,
                                 const std::string& release,
                                 const std::string& recipient) {
  SOTTO_ASSIGN_OR_RETURN(const Packager packager,
                         Packager::Create(master, key));
  return packager.Package(release, recipient);
}

}  // namespace sotto::watermark
