// Layer C's code: a bias-based (Tardos 2003, cut off as by Skoric et al. 2008)
// bit a symbol for each recipient, and the weights that carry each symbol. All
// of it follows from the key, the master and the names; no codebook is stored.

#ifndef SOTTO_WATERMARK_FINGERPRINT_CODE_H_
#define SOTTO_WATERMARK_FINGERPRINT_CODE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "crypto/sha2.h"
#include "watermark/embed/carrier.h"

namespace sotto::watermark {

// 2048 symbols below 50,000 weights, 4096 to 300,000, 8192 to a million, then
// 16384; never fewer than four weights a symbol.
std::size_t SymbolCount(std::size_t coordinates);

class FingerprintCode {
 public:
  // `master_digest` is ModelDigest of the model before it is fingerprinted.
  FingerprintCode(const OwnerKey& key,
                  const crypto::Sha256Digest& master_digest,
                  const Carrier& carrier);

  struct Chip {
    std::uint32_t coordinate = 0;
    std::uint32_t symbol = 0;
    float sign = 1;
  };
  // One for each coordinate of the recipients' half.
  const std::vector<Chip>& chips() const { return chips_; }
  // P(bit = 1) of each symbol, in (0, 1).
  const std::vector<double>& bias() const { return bias_; }

  std::vector<std::uint8_t> BitsOf(const std::string& release,
                                   const std::string& recipient) const;

 private:
  const OwnerKey* key_;  // outlives the code
  crypto::Sha256Digest salt_;
  std::vector<Chip> chips_;
  std::vector<double> bias_;
};

}  // namespace sotto::watermark

#endif  // SOTTO_WATERMARK_FINGERPRINT_CODE_H_
