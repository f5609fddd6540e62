// What steps cost on one device, measured there once, and what a model's steps
// will therefore cost: without running it.

#ifndef SOTTO_TOOLS_SOTTO_DEVICE_COST_H_
#define SOTTO_TOOLS_SOTTO_DEVICE_COST_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/host/node.h"

namespace sotto::tools {

// A kind of step, its size and its shortest time.
struct StepCost {
  std::string op, type, kernel;  // "CONV_2D", "int8", "conv_2d_s8_vnni"
  std::uint64_t macs = 0, bytes = 0;
  double seconds = 0;
};

struct StepEstimate {
  StepCost step;  // with the predicted time
  // How near the table comes: the same kernel, the same operator on the same
  // type, or any step of as many bytes.
  std::string basis;
};

class DeviceCost {
 public:
  static StepCost Describe(const runtime::Node& node);
  // INVALID_ARGUMENT: no table of `sotto model measure-device`.
  static absl::StatusOr<DeviceCost> FromJson(const std::string& text);

  void Add(StepCost cost) { steps_.push_back(std::move(cost)); }
  nlohmann::json ToJson(int threads) const;
  std::size_t size() const { return steps_.size(); }
  int threads() const { return threads_; }

  // The mean of the three nearest steps of the best basis, by their time per
  // multiply-accumulate (or byte, where there are none); near: of like size
  // and of like multiply-accumulates a byte. The table is not empty, asserted.
  StepEstimate Estimate(const runtime::Node& node) const;

 private:
  std::vector<StepCost> steps_;
  int threads_ = 1;
};

}  // namespace sotto::tools

#endif  // SOTTO_TOOLS_SOTTO_DEVICE_COST_H_
