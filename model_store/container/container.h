// Sealed containers, format mseal v1 (docs/formats/mseal.md): one ciphertext
// for everybody, an age v1 payload under a key that each device is granted
// apart.
//
// Thread-safe: free functions.

#ifndef SOTTO_MODEL_STORE_CONTAINER_CONTAINER_H_
#define SOTTO_MODEL_STORE_CONTAINER_CONTAINER_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/rng.h"
#include "crypto/secret.h"
#include "crypto/sha2.h"
#include "model_store/container/locked_memory.h"

namespace sotto::model_store {

using FileKey = crypto::Secret<16>;

enum class ContainerKind : std::uint8_t { kFull = 0, kCheckpoint = 1 };

// The public header: readable without the key.
struct ContainerHeader {
  std::string alias;  // at most 256 bytes; never a secret name
  ContainerKind kind = ContainerKind::kFull;
  std::int64_t created_ms = 0;
};

FileKey NewFileKey(crypto::Rng& rng);

// Pads (Padmé) and seals `payload` under a fresh nonce. Never seal two payloads
// with one file key.
Bytes SealContainer(ByteView payload, const ContainerHeader& header,
                    const FileKey& file_key, crypto::Rng& rng);

// SHA-256 of the whole container: its name everywhere.
crypto::Sha256Digest ContainerDigest(ByteView container);

// What can be checked without the key. INVALID_ARGUMENT: another format or
// version, lengths that do not add up, a malformed header.
absl::StatusOr<ContainerHeader> InspectContainer(ByteView container);

// The decrypted payload, in memory that is kept from swap and core dumps as far
// as the system allows, wiped on destruction.
class OpenedPayload {
 public:
  ByteView bytes() const { return view_; }
  const LoadReport& report() const { return memory_.report(); }

 private:
  friend absl::StatusOr<OpenedPayload> OpenContainer(ByteView, const FileKey&);
  OpenedPayload(LockedMemory memory, std::size_t begin, std::size_t size)
      : memory_(std::move(memory)),
        view_(memory_.bytes().subspan(begin, size)) {}

  LockedMemory memory_;
  ByteView view_;
};

// INVALID_ARGUMENT as InspectContainer. PERMISSION_DENIED: the file key is that
// of another container. DATA_LOSS: truncated, extended, reordered or damaged.
// Nothing of a chunk is kept before its tag passes; all is wiped on failure.
absl::StatusOr<OpenedPayload> OpenContainer(ByteView container,
                                            const FileKey& file_key);

// Size with Padmé padding: at most 12 % more (Nikitin et al. 2019, section 4).
std::uint64_t PaddedSize(std::uint64_t size);

}  // namespace sotto::model_store

#endif  // SOTTO_MODEL_STORE_CONTAINER_CONTAINER_H_
