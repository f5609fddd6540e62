#include "tools/sotto/guardrail_flag.h"

#include <cmath>
#include <cstdlib>

#include "base/status.h"

namespace sotto::tools {
namespace {

constexpr double kDefaultAlpha = 0.05;
constexpr double kDefaultSample = 5000;
constexpr std::uint64_t kDefaultMinEvents = 100;

absl::StatusOr<double> ParseNumber(const std::string& text,
                                   const std::string& what) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !std::isfinite(value)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s: '%s' is not a number", what, text));
  }
  return value;
}

}  // namespace

absl::StatusOr<v1::StartRolloutRequest::Guardrail> ParseGuardrail(
    const std::string& text) {
  v1::StartRolloutRequest::Guardrail guardrail;
  guardrail.set_alpha(kDefaultAlpha);
  guardrail.set_expected_sample(kDefaultSample);
  guardrail.set_min_events(kDefaultMinEvents);
  const std::size_t colon = text.find(':');
  guardrail.set_metric(text.substr(0, colon));
  if (guardrail.metric().empty()) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "--guardrail '%s': wants METRIC:alpha=A,n=N,min=M", text));
  }
  std::size_t start = colon == std::string::npos ? text.size() : colon + 1;
  while (start < text.size()) {
    const std::size_t end = std::min(text.find(',', start), text.size());
    const std::string part = text.substr(start, end - start);
    const std::size_t equals = part.find('=');
    const std::string name = part.substr(0, equals);
    SOTTO_ASSIGN_OR_RETURN(
        const double value,
        ParseNumber(equals == std::string::npos ? "" : part.substr(equals + 1),
                    "--guardrail " + name));
    if (name == "alpha") {
      guardrail.set_alpha(value);
    } else if (name == "n") {
      guardrail.set_expected_sample(value);
    } else if (name == "min" && value >= 0) {
      guardrail.set_min_events(static_cast<std::uint64_t>(value));
    } else {
      return absl::InvalidArgumentError(absl::StrFormat(
          "--guardrail '%s': '%s' is not alpha=, n= or min=", text, part));
    }
    start = end + 1;
  }
  return guardrail;
}

absl::StatusOr<std::uint32_t> ParseStep(const std::string& text) {
  SOTTO_ASSIGN_OR_RETURN(const double percent, ParseNumber(text, "--steps"));
  const double bp = std::round(percent * 100);
  if (!(bp >= 1 && bp <= 10000)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "--steps: '%s' is not a percentage above 0, up to 100", text));
  }
  return static_cast<std::uint32_t>(bp);
}

}  // namespace sotto::tools
