// A training run or a set of releases, described by what its guarantee depends
// on; its guarantee; and the noise that a guarantee needs. The coordinator, the
// device's ledger and `sotto privacy` all ask here.
//
//   mechanism             neighbours differ in    accountant
//   GaussianReleases      what one user adds      exact Gaussian curve
//   SampledSteps          one sampled unit        loss distributions; Renyi
//   where no
//                                                 grid fits (epsilon in
//                                                 thousands)
//   TreeRun, MatrixRun    all a user's rounds     exact Gaussian curve of the
//   run DistributedReleases   what one user adds      Renyi at whole orders
//
// `releases` counts those that one user can affect: the rounds of the run, or
// the participations that devices enforce. Sampling counts only where it is
// random and secret, which devices that come when they can are not: nothing
// here assumes it. Neither adjacency nor sampling has a default.
//
// Noise multipliers are std / clip norm; epsilons natural logarithms. Every
// epsilon is an upper bound, every calibrated noise enough. Pure; thread-safe.

#ifndef SOTTO_PRIVACY_ACCOUNTING_MECHANISM_H_
#define SOTTO_PRIVACY_ACCOUNTING_MECHANISM_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "absl/status/statusor.h"
#include "privacy/accounting/distributed_noise.h"
#include "privacy/accounting/participation.h"

namespace sotto::privacy {

// Neighbouring data sets: one unit more or less, or one unit exchanged, which
// doubles the sensitivity.
enum class Adjacency : std::uint8_t { kAddOrRemove, kReplace };

struct GaussianReleases {
  double noise_multiplier = 0;
  std::int64_t releases = 0;
};

// Loss distributions are tighter; Renyi curves take milliseconds and no memory.
enum class SampledAccountant : std::uint8_t { kPld, kRdp };

struct SampledSteps {
  double noise_multiplier = 0;
  double sampling_probability = 0;  // of a Poisson sample, in (0, 1]
  std::int64_t steps = 0;
  SampledAccountant accountant = SampledAccountant::kPld;
};

struct TreeRun {
  double noise_multiplier = 0;  // of every node
  Participation participation;
};

struct MatrixRun {
  double noise_multiplier = 0;     // of the noise before decoding
  double squared_column_norm = 0;  // the largest of the encoder's columns
  std::int64_t bands = 0;
  Participation participation;
};

struct DistributedReleases {
  DistributedNoise noise;  // its replace_adjacency is set from the question
  std::int64_t releases = 0;
};

using Mechanism = std::variant<GaussianReleases, SampledSteps, TreeRun,
                               MatrixRun, DistributedReleases>;

struct Guarantee {
  double epsilon = 0, delta = 0;
  std::string accountant;                     // "gaussian", "pld" or "rdp"
  std::optional<double> squared_sensitivity;  // of a tree or matrix run
  std::optional<double> rho;                  // where the release is Gaussian
  std::optional<double> order;                // where the accountant is "rdp"
};

// The epsilon at `delta`. INVALID_ARGUMENT or FAILED_PRECONDITION name what is
// out of range; UNIMPLEMENTED: sampling with kReplace.
absl::StatusOr<Guarantee> AccountEpsilon(const Mechanism& mechanism,
                                         Adjacency adjacency, double delta);

// The noise of `mechanism`, a multiplier or (DistributedReleases) the central
// std.
double NoiseOf(const Mechanism& mechanism);
Mechanism WithNoise(Mechanism mechanism, double noise);

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_ACCOUNTING_MECHANISM_H_
