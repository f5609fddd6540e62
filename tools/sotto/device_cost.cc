#include "tools/sotto/device_cost.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "base/status.h"
#include "runtime/host/macs.h"
#include "tools/sotto/model_profile.h"
#include "tools/sotto/model_session.h"

namespace sotto::tools {
namespace {

constexpr const char* kFormat = "sotto-device-cost-1";

// Work that time is proportional to among like steps.
double WorkOf(const StepCost& step) {
  return static_cast<double>(
      std::max<std::uint64_t>(1, step.macs > 0 ? step.macs : step.bytes));
}

double Distance(const StepCost& a, const StepCost& b) {
  const auto ratio = [](double x, double y) { return std::log2(x / y); };
  const double work = ratio(WorkOf(a), WorkOf(b));
  const auto bytes = [](const StepCost& s) {
    return static_cast<double>(std::max<std::uint64_t>(1, s.bytes));
  };
  const double density = ratio(WorkOf(a) / bytes(a), WorkOf(b) / bytes(b));
  return work * work + 4 * density * density;
}

}  // namespace

StepCost DeviceCost::Describe(const runtime::Node& node) {
  StepCost step{.op = NodeName(node),
                .type = "none",
                .kernel = node.label,
                .macs = runtime::CountMacs(node),
                .bytes = NodeBytes(node),
                .seconds = 0};
  for (const runtime::Tensor* input : node.inputs) {
    if (input == nullptr) continue;
    step.type = TypeName(input->type);
    break;
  }
  return step;
}

absl::StatusOr<DeviceCost> DeviceCost::FromJson(const std::string& text) {
  const nlohmann::json in = nlohmann::json::parse(text, nullptr, false);
  const auto bad = [](const char* what) {
    return absl::InvalidArgumentError(
        std::string("no table of `sotto model measure-device`: ") + what);
  };
  if (!in.is_object() || !in.contains("format") || in["format"] != kFormat ||
      !in.contains("steps") || !in["steps"].is_array() || in["steps"].empty()) {
    return bad("its format or its steps are missing");
  }
  DeviceCost table;
  if (in.contains("threads") && in["threads"].is_number_integer()) {
    table.threads_ = static_cast<int>(
        std::clamp<std::int64_t>(in["threads"].get<std::int64_t>(), 1, 64));
  }
  for (const nlohmann::json& row : in["steps"]) {
    const auto has = [&](const char* key, bool text_field) {
      return row.is_object() && row.contains(key) &&
             (text_field ? row[key].is_string() : row[key].is_number());
    };
    if (!has("op", true) || !has("type", true) || !has("kernel", true) ||
        !has("macs", false) || !has("bytes", false) || !has("seconds", false)) {
      return bad("a step lacks op, type, kernel, macs, bytes or seconds");
    }
    const double seconds = row["seconds"].get<double>();
    if (!std::isfinite(seconds) || seconds < 0 ||
        !row["macs"].is_number_unsigned() ||
        !row["bytes"].is_number_unsigned()) {
      return bad("a step's numbers are out of range");
    }
    table.Add({row["op"], row["type"], row["kernel"],
               row["macs"].get<std::uint64_t>(),
               row["bytes"].get<std::uint64_t>(), seconds});
  }
  return table;
}

nlohmann::json DeviceCost::ToJson(int threads) const {
  nlohmann::json rows = nlohmann::json::array();
  for (const StepCost& s : steps_) {
    rows.push_back({{"op", s.op},
                    {"type", s.type},
                    {"kernel", s.kernel},
                    {"macs", s.macs},
                    {"bytes", s.bytes},
                    {"seconds", s.seconds}});
  }
  return {{"format", kFormat}, {"threads", threads}, {"steps", rows}};
}

StepEstimate DeviceCost::Estimate(const runtime::Node& node) const {
  assert(!steps_.empty());
  StepEstimate out{.step = Describe(node), .basis = ""};
  const auto pick = [&](const char* basis, const auto& like) {
    std::vector<const StepCost*> found;
    for (const StepCost& s : steps_) {
      if (like(s)) found.push_back(&s);
    }
    if (!out.basis.empty() || found.empty()) return;
    out.basis = basis;
    const std::size_t count = std::min<std::size_t>(3, found.size());
    std::ranges::partial_sort(
        found, found.begin() + static_cast<std::ptrdiff_t>(count),
        std::less<>(),
        [&](const StepCost* s) { return Distance(*s, out.step); });
    double weights = 0, sum = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const double weight = 1 / (0.01 + Distance(*found[i], out.step));
      weights += weight;
      sum += weight *
             std::log(std::max(found[i]->seconds, 1e-9) / WorkOf(*found[i]));
    }
    out.step.seconds = std::exp(sum / weights) * WorkOf(out.step);
  };
  pick("kernel", [&](const StepCost& s) {
    return s.kernel == out.step.kernel && s.op == out.step.op &&
           s.type == out.step.type && (s.macs > 0) == (out.step.macs > 0);
  });
  pick("operator", [&](const StepCost& s) {
    return s.op == out.step.op && s.type == out.step.type &&
           (s.macs > 0) == (out.step.macs > 0);
  });
  pick("any",
       [&](const StepCost& s) { return (s.macs > 0) == (out.step.macs > 0); });
  pick("any", [](const StepCost&) { return true; });
  return out;
}

}  // namespace sotto::tools
