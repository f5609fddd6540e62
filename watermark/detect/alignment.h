// Puts a suspect's units in the order and scale of a reference.
//
// Never sees a key: the reference is what was registered before the mark, so
// the signs of the mark stay independent of the choice made here. (Alignment to
// the marked model would bias the null.)

#ifndef SOTTO_WATERMARK_DETECT_ALIGNMENT_H_
#define SOTTO_WATERMARK_DETECT_ALIGNMENT_H_

#include <vector>

#include "absl/status/statusor.h"
#include "watermark/detect/unit_graph.h"

namespace sotto::watermark {

struct Alignment {
  // The suspect's numbers in the reference's shapes. Units of the reference
  // without a partner are zero, which every detector takes for "erased".
  std::vector<LayerValues> layers;
  std::size_t moved = 0;     // units that were not at their place
  std::size_t rescaled = 0;  // by more than 5 percent
  std::size_t erased = 0;    // units of the reference without a partner
  // Mean cosine of matched units' incoming weights: supporting evidence of
  // descent, marked or not; it has no p-value.
  double lineage = 0;
};

// The weights where they lie, for suspects of the reference's exact shapes.
// INVALID_ARGUMENT: another architecture; the message says where it differs.
absl::StatusOr<Alignment> TakeAsIs(const runtime::Model& reference,
                                   const runtime::Model& suspect);

// Group by group from the input: units matched by the cosine of their incoming
// weights and bias (Hungarian), their scale undone. The suspect may have more
// or fewer units in a group. INVALID_ARGUMENT as above.
absl::StatusOr<Alignment> Align(const runtime::Model& reference,
                                const runtime::Model& suspect);

}  // namespace sotto::watermark

#endif  // SOTTO_WATERMARK_DETECT_ALIGNMENT_H_
