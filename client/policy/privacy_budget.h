// What a device allows a plan to learn of it. The plan is signed, but by people
// who are not the device's user: the local policy has the last word.
//
// The accountant is the coordinator's own (privacy/rounds/round_ledger.h); the
// history is the device's (storage/privacy_ledger.h). Pure.

#ifndef SOTTO_CLIENT_POLICY_PRIVACY_BUDGET_H_
#define SOTTO_CLIENT_POLICY_PRIVACY_BUDGET_H_

#include <span>

#include "absl/status/statusor.h"
#include "privacy/rounds/round_ledger.h"
#include "proto/messages/plan.pb.h"
#include "proto/messages/privacy_ledger.pb.h"
#include "sotto/config.h"

namespace sotto::client {

// PERMISSION_DENIED: the plan adds no noise, or leaves it to the coordinator,
// and the policy does not allow that, with the key that would; or it leaves out
// what noise needs.
absl::Status CheckNoise(const v1::Plan& plan, const LocalPolicy& policy);

// What a round of the plan would cost at most, before its session is known: the
// smallest cohort is the dearest. PERMISSION_DENIED: the plan's noise does not
// fit a model of `num_weights`.
absl::StatusOr<v1::NoisyRelease> PlannedRelease(const v1::Plan& plan,
                                                const LocalPolicy& policy,
                                                std::size_t num_weights);

// What this device has spent at the policy's delta once `next`, the plan's
// round `round`, is released too. No history counts as the policy's trust
// horizon, in rounds like `next`. RESOURCE_EXHAUSTED: more than the policy's
// max_epsilon; or this device's own rounds alone exceed the budget that the
// plan states.
absl::StatusOr<double> CheckBudget(
    std::span<const privacy::LedgerEntry> history, const v1::Plan& plan,
    const v1::NoisyRelease& next, std::uint64_t round,
    const LocalPolicy& policy);

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_POLICY_PRIVACY_BUDGET_H_
