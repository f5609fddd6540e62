#include "tests/conformance/runner.h"

#include <algorithm>

#include "base/status.h"
#include "tests/conformance/seeded_values.h"

namespace sotto::conformance {
namespace {

absl::Status Resize(runtime::Interpreter& interpreter, const Feed& feed) {
  if (feed.resize.empty()) return absl::OkStatus();
  std::vector<runtime::Shape> shapes(feed.resize.size());
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    shapes[i].rank = feed.resize[i].size();
    std::copy(feed.resize[i].begin(), feed.resize[i].end(),
              shapes[i].dims.begin());
  }
  return interpreter.ResizeInputs(shapes);
}

absl::Status Fill(runtime::Interpreter& interpreter, const Feed& feed,
                  int invocation) {
  for (std::size_t i = 0; i < interpreter.num_inputs(); ++i) {
    const runtime::Tensor& tensor = interpreter.input_tensor(i);
    const Range range =
        i < feed.ranges.size() ? feed.ranges[i] : DefaultRange(tensor.type);
    const Bytes values =
        i < feed.inputs.size()
            ? feed.inputs[i]
            : DrawElements(feed.name + "/input" + std::to_string(i) + "/" +
                               std::to_string(invocation),
                           tensor.type, tensor.shape.Elements(), range.low,
                           range.high);
    const std::span<std::uint8_t> memory = interpreter.input_bytes(i);
    if (memory.size() != values.size()) {
      return absl::InternalError("an input has another size than its values");
    }
    std::copy(values.begin(), values.end(), memory.begin());
  }
  return absl::OkStatus();
}

}  // namespace

Feed FeedOf(const Case& c) {
  return {.name = c.name,
          .ranges = c.ranges,
          .resize = c.resize,
          .invocations = c.invocations,
          .signature = ""};
}

absl::StatusOr<std::vector<Result>> RunModel(
    const runtime::Model& model, const Feed& feed,
    runtime::InterpreterOptions options) {
  options.signature = feed.signature;
  SOTTO_ASSIGN_OR_RETURN(runtime::Interpreter interpreter,
                         runtime::Interpreter::Create(model, options));
  SOTTO_RETURN_IF_ERROR(Resize(interpreter, feed));
  std::vector<Result> results;
  for (int invocation = 0; invocation < feed.invocations; ++invocation) {
    SOTTO_RETURN_IF_ERROR(Fill(interpreter, feed, invocation));
    SOTTO_RETURN_IF_ERROR(interpreter.Invoke());
    for (std::size_t o = 0; o < interpreter.num_outputs(); ++o) {
      const runtime::Tensor& tensor = interpreter.output_tensor(o);
      const std::span<const std::uint8_t> bytes = interpreter.output_bytes(o);
      results.push_back({.invocation = invocation,
                         .output = static_cast<int>(o),
                         .type = tensor.type,
                         .shape = tensor.shape,
                         .bytes = {bytes.begin(), bytes.end()}});
    }
  }
  return results;
}

}  // namespace sotto::conformance
