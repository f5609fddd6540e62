// The Renyi curve of any mechanism, for ledgers that add up runs of different
// kinds: curves at the same orders add, guarantees do not.
//
// Looser than AccountEpsilon for a single run, which has the exact curve or the
// loss distribution. Use IntegerRdpOrders where a run may add Skellam noise.
// Not thread-safe for one accountant.

#ifndef SOTTO_PRIVACY_ACCOUNTING_MECHANISM_CURVE_H_
#define SOTTO_PRIVACY_ACCOUNTING_MECHANISM_CURVE_H_

#include "absl/status/status.h"
#include "privacy/accounting/mechanism.h"
#include "privacy/accounting/rdp.h"

namespace sotto::privacy {

// Adds the whole run to `total`. Everything that AccountEpsilon returns;
// INVALID_ARGUMENT: Skellam noise and an order that is not whole. An error
// changes nothing.
absl::Status AddMechanism(const Mechanism& mechanism, Adjacency adjacency,
                          RdpAccountant& total);

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_ACCOUNTING_MECHANISM_CURVE_H_
