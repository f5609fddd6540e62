// The list of those who got a copy.

#ifndef SOTTO_WATERMARK_FINGERPRINT_RECIPIENTS_H_
#define SOTTO_WATERMARK_FINGERPRINT_RECIPIENTS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace sotto::watermark {

// `path` is a folder of device certificates, one certificate, or a text file
// with one recipient a line ('#' begins a comment). A device's recipient name
// is the lower-case hex of its device id. Sorted, each once.
// NOT_FOUND, PERMISSION_DENIED: as ReadFile. INVALID_ARGUMENT: a file in the
// folder is no certificate, or there is nobody in it; the message names it.
absl::StatusOr<std::vector<std::string>> ReadRecipients(
    const std::string& path);

}  // namespace sotto::watermark

#endif  // SOTTO_WATERMARK_FINGERPRINT_RECIPIENTS_H_
