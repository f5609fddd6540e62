// The least noise with which a mechanism keeps a guarantee.
//
// A search over AccountEpsilon, which falls with noise. The answer is a point
// that was asked and held, so it is safe whatever the shape of the curve; its
// epsilon is within one part in 10^4 of the target, or its noise the least that
// is accounted for: a multiplier of 0.01 (0.05 for sampled steps), and half a
// step on each device.
//
// Pure; thread-safe. Sampled steps take some seconds, the rest milliseconds.

#ifndef SOTTO_PRIVACY_ACCOUNTING_CALIBRATION_H_
#define SOTTO_PRIVACY_ACCOUNTING_CALIBRATION_H_

#include "absl/status/statusor.h"
#include "privacy/accounting/mechanism.h"

namespace sotto::privacy {

struct Calibration {
  Mechanism mechanism;  // with the noise filled in
  Guarantee guarantee;  // of that mechanism: epsilon at most the target
};

// The noise already in `mechanism` is ignored. Everything that AccountEpsilon
// returns; INVALID_ARGUMENT: epsilon is not positive and finite, or
// (DistributedReleases) the scale is too coarse, see CheckScaleIsFine;
// OUT_OF_RANGE: no noise up to a multiplier of 10^6 is enough.
absl::StatusOr<Calibration> CalibrateNoise(const Mechanism& mechanism,
                                           Adjacency adjacency, double epsilon,
                                           double delta);

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_ACCOUNTING_CALIBRATION_H_
