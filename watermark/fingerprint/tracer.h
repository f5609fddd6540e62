// Whose copy is this? Scores every recipient of a release against a suspect.

#ifndef SOTTO_WATERMARK_FINGERPRINT_TRACER_H_
#define SOTTO_WATERMARK_FINGERPRINT_TRACER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/loader/model.h"
#include "watermark/fingerprint/code.h"

namespace sotto::watermark {

// Chance that anybody innocent is accused, over all recipients and readings.
inline constexpr double kTraceEpsilon = 2.5e-10;

struct TraceParams {
  std::string release;
  std::vector<std::string> recipients;  // all who got a copy, each once
  double epsilon = kTraceEpsilon;
};

struct TraceScore {
  std::string recipient;
  double score = 0;  // in standard deviations of an innocent's score
  double ln_p = 0;   // corrected for all hypotheses; 0 when far from accused
};

struct TraceResult {
  std::vector<TraceScore> scores;   // highest first
  std::vector<TraceScore> accused;  // those above the threshold
  double threshold = 0;             // of the score
  double ln_p = 0;                  // corrected, of the highest score
  std::size_t hypotheses = 0;       // recipients * readings of the suspect
  std::size_t symbols = 0;
  std::string view;  // the reading that the scores come from
};

// `master` is the release before it was fingerprinted. INVALID_ARGUMENT: the
// suspect has another architecture, no recipients, one listed twice, or epsilon
// outside (0, 1).
absl::StatusOr<TraceResult> Trace(const runtime::Model& master,
                                  const runtime::Model& suspect,
                                  const OwnerKey& key,
                                  const TraceParams& params);

}  // namespace sotto::watermark

#endif  // SOTTO_WATERMARK_FINGERPRINT_TRACER_H_
