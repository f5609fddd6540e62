// Each recipient's own copy of a release.

#ifndef SOTTO_WATERMARK_FINGERPRINT_PACKAGER_H_
#define SOTTO_WATERMARK_FINGERPRINT_PACKAGER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "watermark/fingerprint/code.h"

namespace sotto::watermark {

// Step of a weight, in standard deviations of its layer.
inline constexpr double kFingerprintStep = 0.04;

// Prepares a master once; then a copy costs one pass over the weights.
// Not thread-safe to move; Package is thread-safe.
class Packager {
 public:
  // `key` is kept by reference and must outlive the packager. Errors of
  // ParseModel and FindCarrier.
  static absl::StatusOr<Packager> Create(ByteView master, const OwnerKey& key);

  // The master's .tflite with `recipient`'s code in the recipients' half of its
  // weights. The same arguments give the same bytes. INVALID_ARGUMENT: the file
  // does not store its weights as f32.
  absl::StatusOr<Bytes> Package(const std::string& release,
                                const std::string& recipient) const;

 private:
  struct State;
  explicit Packager(std::shared_ptr<const State> state)
      : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

// One copy. `recipient` is what `trace` will name: for devices the lower-case
// hex of the device id in their certificate. `release` is the label that
// `trace --release` gets.
absl::StatusOr<Bytes> PackageFor(ByteView master, const OwnerKey& key,
                                 const std::string& release,
                                 const std::string& recipient);

}  // namespace sotto::watermark

#endif  // SOTTO_WATERMARK_FINGERPRINT_PACKAGER_H_
