// Does a suspect carry the owner's mark? One hypothesis, one bound.

#ifndef SOTTO_WATERMARK_DETECT_OWNER_EVIDENCE_H_
#define SOTTO_WATERMARK_DETECT_OWNER_EVIDENCE_H_

#include <vector>

#include "absl/status/statusor.h"
#include "crypto/rng.h"
#include "runtime/loader/model.h"
#include "watermark/detect/bound.h"
#include "watermark/embed/owner_mark.h"

namespace sotto::watermark {

// What the test reads of a suspect, made without any key: per coordinate
// clip(w / median |w != 0| of the layer, +-1), once for each way of reading the
// suspect.
struct Evidence {
  struct View {
    std::string name;  // "as is" or "aligned"
    std::vector<double> values;
    std::size_t moved = 0, rescaled = 0, erased = 0;  // units
  };
  std::vector<View> views;
  double lineage = 0;  // Alignment::lineage
};

// INVALID_ARGUMENT: another architecture than the reference, or too small.
absl::StatusOr<Evidence> ReadEvidence(const runtime::Model& reference,
                                      const runtime::Model& suspect);

struct OwnerResult {
  SignStatistic statistic;
  double ln_p = 0;  // of this hypothesis alone
  std::size_t weights = 0;
};
OwnerResult TestOwner(const Evidence::View& view, const OwnerKey& key,
                      const Nonce& nonce);

// The same statistic for keys drawn at random: what chance looks like on this
// very suspect. Supporting evidence; the bound does not need it.
struct Calibration {
  std::size_t keys = 0;
  double mean_z = 0, deviation_z = 0, largest_z = 0;
};
Calibration CalibrateOwner(const Evidence::View& view, std::size_t keys,
                           crypto::Rng& rng);

}  // namespace sotto::watermark

#endif  // SOTTO_WATERMARK_DETECT_OWNER_EVIDENCE_H_
