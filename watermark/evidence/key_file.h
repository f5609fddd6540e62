// The owner's key at rest, mode 0600 (docs/formats/watermark_registry.md),
// under a passphrase or in the clear.

#ifndef SOTTO_WATERMARK_EVIDENCE_KEY_FILE_H_
#define SOTTO_WATERMARK_EVIDENCE_KEY_FILE_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "crypto/passphrase.h"
#include "watermark/evidence/owner_key.h"

namespace sotto::watermark {

// Asks for the passphrase; called only when there is one to ask for.
using PassphraseSource = std::function<absl::StatusOr<crypto::SecretBytes>()>;

// Total. INVALID_ARGUMENT: not a watermark key. UNIMPLEMENTED: protected in a
// way that this build does not know. FAILED_PRECONDITION: it needs a passphrase
// and `ask` is empty. PERMISSION_DENIED: the passphrase is wrong, or the file
// was changed. Errors of `ask`.
absl::StatusOr<OwnerKey> ParseOwnerKey(ByteView bytes,
                                       const PassphraseSource& ask = nullptr);

Bytes SerializeOwnerKey(const OwnerKey& key);
// INVALID_ARGUMENT: an empty passphrase. Errors of KeyFromPassphrase.
absl::StatusOr<Bytes> SealOwnerKey(const OwnerKey& key, ByteView passphrase,
                                   const crypto::PassphraseCost& cost,
                                   crypto::Rng& rng);

// `bytes` are of one of the two above; they are wiped. ALREADY_EXISTS: the file
// is there; a key is never overwritten.
absl::Status WriteOwnerKeyFile(const std::string& path, Bytes bytes);
// Errors of ReadFile and ParseOwnerKey; messages start with the path.
absl::StatusOr<OwnerKey> ReadOwnerKeyFile(
    const std::string& path, const PassphraseSource& ask = nullptr);

}  // namespace sotto::watermark

#endif  // SOTTO_WATERMARK_EVIDENCE_KEY_FILE_H_
