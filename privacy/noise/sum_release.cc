#include "privacy/noise/sum_release.h"

#include "base/status.h"

namespace sotto::privacy {

absl::Status CheckReleaseSizes(std::size_t size,
                               std::span<const std::int32_t> sum,
                               std::span<const double> out) {
  if (sum.size() == size && out.size() == size) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("release of %d values into %d, the run has %d",
                      sum.size(), out.size(), size));
}

}  // namespace sotto::privacy
