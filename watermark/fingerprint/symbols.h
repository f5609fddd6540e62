// What a suspect shows of each symbol of the fingerprint.

#ifndef SOTTO_WATERMARK_FINGERPRINT_SYMBOLS_H_
#define SOTTO_WATERMARK_FINGERPRINT_SYMBOLS_H_

#include <vector>

#include "watermark/detect/bound.h"
#include "watermark/fingerprint/code.h"

namespace sotto::watermark {

// Soft values in [-3, 3] from the difference between suspect and master over
// the recipients' half, after a gain per layer; weights that are zero in the
// suspect count as erased. Uses no recipient's bits, so an innocent's score is
// a sum of independent, centred terms. All zero when nothing differs.
std::vector<CodeSymbol> ReadSymbols(const Carrier& carrier,
                                    const FingerprintCode& code,
                                    const std::vector<LayerValues>& master,
                                    const std::vector<LayerValues>& suspect);

}  // namespace sotto::watermark

#endif  // SOTTO_WATERMARK_FINGERPRINT_SYMBOLS_H_
