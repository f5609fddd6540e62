// Whether a device may take part in a round, as far as the coordinator can
// know. The device checks the same rules against its own record and has the
// last word.

#ifndef SOTTO_SERVER_COHORT_ELIGIBILITY_H_
#define SOTTO_SERVER_COHORT_ELIGIBILITY_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "proto/messages/plan.pb.h"
#include "server/state/records.h"

namespace sotto::server {

struct Arrival {
  std::string population;
  std::uint32_t examples = 0;  // rounded down to a power of two by the device
  ParticipationRecord record;
};

// FAILED_PRECONDITION tells the rule that speaks against it. A device that took
// part in round r may take part again from round r + min_separation_rounds on;
// max_participations of 0 is no limit.
absl::Status CheckEligible(const v1::Plan::Participation& rules,
                           const std::string& task_population,
                           std::uint64_t round, const Arrival& arrival);

// How long idle devices should stay away: a fleet of n comes back spread so
// that about `kArrivalsPerSecond` arrive, but a small fleet soon.
struct PaceWindow {
  std::uint32_t min_ms = 0;
  std::uint32_t max_ms = 0;
};
inline constexpr std::uint32_t kArrivalsPerSecond = 500;
PaceWindow PaceFor(std::uint64_t num_devices);

}  // namespace sotto::server

#endif  // SOTTO_SERVER_COHORT_ELIGIBILITY_H_
