// The whole question "is this model ours?": every registration of the key that
// the reference opens, every reading of the suspect, one corrected p-value.

#ifndef SOTTO_WATERMARK_DETECT_VERIFIER_H_
#define SOTTO_WATERMARK_DETECT_VERIFIER_H_

#include <string>

#include "absl/status/statusor.h"
#include "watermark/detect/owner_evidence.h"
#include "watermark/evidence/registry.h"

namespace sotto::watermark {

struct OwnershipResult {
  bool owned = false;
  double ln_p = 0;             // corrected for the hypotheses
  std::size_t hypotheses = 0;  // counted here, never given
  OwnerResult best;            // of the hypothesis below
  Registration registration;
  Evidence::View view;
  double lineage = 0;
  Calibration calibration;
};

// `reference` is a model that was registered, before its mark. Hypotheses: all
// registrations of this owner for the architecture, times readings.
// NOT_FOUND: no registration in the log is of this key and this reference.
// FAILED_PRECONDITION: the registry has not drawn its nonce. INVALID_ARGUMENT:
// another architecture than the reference.
absl::StatusOr<OwnershipResult> VerifyOwnership(
    const runtime::Model& reference, const runtime::Model& suspect,
    const OwnerKey& key, const Registry& registry,
    std::size_t calibration_keys = 200);

}  // namespace sotto::watermark

#endif  // SOTTO_WATERMARK_DETECT_VERIFIER_H_
