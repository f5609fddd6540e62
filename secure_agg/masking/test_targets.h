// For tests: runs a body with each of Highway's instruction sets that this
// processor has, the one without vectors among them.

#ifndef SOTTO_SECURE_AGG_MASKING_TEST_TARGETS_H_
#define SOTTO_SECURE_AGG_MASKING_TEST_TARGETS_H_

#include <cstdint>

#include "gtest/gtest.h"
#include "hwy/targets.h"

namespace sotto::secure_agg {

template <typename Body>
void ForEachTarget(const Body& body) {
  for (std::int64_t targets = hwy::SupportedTargets(); targets != 0;
       targets &= targets - 1) {
    const std::int64_t target = targets & -targets;
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().DeInit();
    body();
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().DeInit();
  }
}

}  // namespace sotto::secure_agg

#endif  // SOTTO_SECURE_AGG_MASKING_TEST_TARGETS_H_
