// The interpreter's side of EvalContext: dynamic memory, subgraph calls,
// resource variables, threads.

#ifndef SOTTO_RUNTIME_HOST_EVALUATION_H_
#define SOTTO_RUNTIME_HOST_EVALUATION_H_

#include "absl/status/status.h"
#include "runtime/host/graph_runner.h"

namespace sotto::runtime {

class Evaluation final : public EvalContext {
 public:
  explicit Evaluation(GraphRunner& runner) : runner_(runner) {}

  StatusCode Resize(Tensor& output, const Shape& shape) override;
  StatusCode Call(std::int32_t subgraph, std::span<Tensor* const> inputs,
                  std::span<Tensor* const> outputs) override;
  StatusCode CallCondition(std::int32_t subgraph,
                           std::span<Tensor* const> inputs,
                           bool* result) override;
  StatusCode CallOnce(std::int32_t subgraph) override;
  Tensor* Variable(std::int32_t number) override;

  // The error of an operator inside a called subgraph; OK when there is none.
  const absl::Status& detail() const { return detail_; }

 private:
  void RunRanges(std::size_t count, std::size_t grain, std::size_t cost_ns,
                 RangeTask task, const void* closure) override {
    runner_.shared().pool->Run(count, grain, cost_ns, task, closure);
  }
  StatusCode Keep(absl::Status status);
  // Copies the inputs in and runs; the callee's outputs then hold the results.
  absl::StatusOr<GraphRunner*> RunSubgraph(std::int32_t subgraph,
                                           std::span<Tensor* const> inputs);

  GraphRunner& runner_;
  absl::Status detail_;
};

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_HOST_EVALUATION_H_
