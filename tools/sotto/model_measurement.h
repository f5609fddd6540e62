// Repeated, timed invocations that a user can watch and end.

#ifndef SOTTO_TOOLS_SOTTO_MODEL_MEASUREMENT_H_
#define SOTTO_TOOLS_SOTTO_MODEL_MEASUREMENT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/host/interpreter.h"

namespace sotto::tools {

// While one exists, Ctrl-C sets Interrupted() and ends nothing by itself; a
// second Ctrl-C ends the process.
class InterruptGuard {
 public:
  InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
  ~InterruptGuard();

 private:
  void (*before_)(int);
};
bool Interrupted();

// A bar on the standard error while it is a terminal and the work takes more
// than a second; gone when the work is.
class ProgressBar {
 public:
  explicit ProgressBar(std::size_t total);
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  ~ProgressBar();
  void Show(std::size_t done, const std::string& what = "");

 private:
  const std::size_t total_;
  const double start_;
  double shown_;
  bool terminal_, drawn_ = false;
};

// Numbers that every run writes alike: small fractions to floats, a pattern to
// 8 and 16 bits, zeros to all else, which may be indices.
void FillInputs(runtime::Interpreter& runner);

// Seconds of up to `runs` invocations, shortest first; fewer when interrupted.
absl::StatusOr<std::vector<double>> TimeInvokes(runtime::Interpreter& runner,
                                                std::size_t runs);

// Of the graph, whoever runs its operators, without called subgraphs.
std::uint64_t TotalMacs(const runtime::Interpreter& runner);

}  // namespace sotto::tools

#endif  // SOTTO_TOOLS_SOTTO_MODEL_MEASUREMENT_H_
