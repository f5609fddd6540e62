#include "watermark/detect/verifier.h"

#include <algorithm>
#include <cmath>

#include "base/status.h"
#include "crypto/rng.h"

namespace sotto::watermark {

absl::StatusOr<OwnershipResult> VerifyOwnership(const runtime::Model& reference,
                                                const runtime::Model& suspect,
                                                const OwnerKey& key,
                                                const Registry& registry,
                                                std::size_t calibration_keys) {
  const crypto::Sha256Digest digest = ModelDigest(reference);
  const crypto::Sha256Digest architecture = ArchitectureDigest(reference);
  const Registration* registration = nullptr;
  std::size_t registrations = 0;
  for (const Registration& candidate : registry.registrations()) {
    if (candidate.architecture != architecture ||
        candidate.owner != key.public_key()) {
      continue;
    }
    ++registrations;
    if (candidate.model == digest && candidate.OpensWith(key)) {
      registration = &candidate;
    }
  }
  if (registration == nullptr) {
    return absl::NotFoundError(
        "no registration is of this key and this reference; the reference is "
        "the model as it was registered, before the mark");
  }
  if (!registration->nonce.has_value()) {
    return absl::FailedPreconditionError(
        "the registration has no nonce yet: run `register` again");
  }
  SOTTO_ASSIGN_OR_RETURN(const Evidence evidence,
                         ReadEvidence(reference, suspect));
  OwnershipResult result;
  result.registration = *registration;
  result.lineage = evidence.lineage;
  result.hypotheses = registrations * evidence.views.size();
  const Evidence::View* chosen = nullptr;
  for (const Evidence::View& view : evidence.views) {
    const OwnerResult one = TestOwner(view, key, *registration->nonce);
    if (chosen != nullptr && one.ln_p >= result.best.ln_p) continue;
    chosen = &view;
    result.best = one;
  }
  result.view = *chosen;
  result.ln_p =
      Bonferroni(result.best.ln_p, static_cast<double>(result.hypotheses));
  result.owned = result.ln_p <= std::log(registration->epsilon_e12 * 1e-12);
  // Seeded by the suspect alone: the same figures in every run.
  crypto::SeededRng rng(ModelDigest(suspect));
  result.calibration = CalibrateOwner(*chosen, calibration_keys, rng);
  return result;
}

}  // namespace sotto::watermark
