#include "tools/sotto/model_measurement.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>

#include "base/status.h"
#include "tools/sotto/model_profile.h"
#include "tools/sotto/model_session.h"

namespace sotto::tools {
namespace {

volatile std::sig_atomic_t interrupted = 0;

void OnInterrupt(int) {
  interrupted = 1;
  std::signal(SIGINT, SIG_DFL);
}

template <typename T>
void FillPattern(const runtime::Tensor& tensor) {
  const std::size_t count = tensor.shape.Elements();
  for (std::size_t i = 0; i < count; ++i) {
    tensor.as<T>()[i] = static_cast<T>((i * 37) % 256);
  }
}

}  // namespace

InterruptGuard::InterruptGuard() {
  interrupted = 0;
  before_ = std::signal(SIGINT, OnInterrupt);
}

InterruptGuard::~InterruptGuard() { std::signal(SIGINT, before_); }

bool Interrupted() { return interrupted != 0; }

ProgressBar::ProgressBar(std::size_t total)
    : total_(total),
      start_(SecondsNow()),
      shown_(start_),
      terminal_(isatty(STDERR_FILENO) != 0) {}

ProgressBar::~ProgressBar() {
  if (drawn_) std::fprintf(stderr, "\r\033[K");
}

void ProgressBar::Show(std::size_t done, const std::string& what) {
  if (!terminal_ || total_ == 0) return;
  const double now = SecondsNow();
  if (now - start_ < 1.0 || now - shown_ < 0.1) return;
  shown_ = now;
  drawn_ = true;
  constexpr std::size_t kWidth = 30;
  const std::size_t filled = std::min(done, total_) * kWidth / total_;
  const std::string bar =
      std::string(filled, '#') + std::string(kWidth - filled, '.');
  std::fprintf(stderr, "\r\033[K[%s] %zu of %zu %s", bar.c_str(), done, total_,
               what.c_str());
  std::fflush(stderr);
}

void FillInputs(runtime::Interpreter& runner) {
  for (std::size_t i = 0; i < runner.num_inputs(); ++i) {
    const runtime::Tensor& tensor = runner.input_tensor(i);
    switch (tensor.type) {
      case runtime::ElementType::kFloat32:
        for (std::size_t j = 0; j < tensor.shape.Elements(); ++j) {
          tensor.floats()[j] = static_cast<float>(j % 17) / 17.0f;
        }
        break;
      case runtime::ElementType::kInt8:
      case runtime::ElementType::kUint8:
        FillPattern<std::uint8_t>(tensor);
        break;
      case runtime::ElementType::kInt16:
        FillPattern<std::int16_t>(tensor);
        break;
      default:
        std::ranges::fill(runner.input_bytes(i), std::uint8_t{0});
    }
  }
}

absl::StatusOr<std::vector<double>> TimeInvokes(runtime::Interpreter& runner,
                                                std::size_t runs) {
  std::vector<double> times;
  times.reserve(runs);
  ProgressBar progress(runs);
  while (times.size() < runs && !Interrupted()) {
    const double start = SecondsNow();
    SOTTO_RETURN_IF_ERROR(runner.Invoke());
    times.push_back(SecondsNow() - start);
    progress.Show(times.size(), "invocations");
  }
  std::ranges::sort(times);
  return times;
}

std::uint64_t TotalMacs(const runtime::Interpreter& runner) {
  std::vector<const runtime::Tensor*> tensors;
  for (std::size_t i = 0; i < runner.graph().tensors.size(); ++i) {
    tensors.push_back(&runner.tensor(static_cast<std::int32_t>(i)));
  }
  std::uint64_t macs = 0;
  for (std::size_t i = 0; i < runner.graph().ops.size(); ++i) {
    macs += MacsOf(runner.graph(), i, tensors);
  }
  return macs;
}

}  // namespace sotto::tools
