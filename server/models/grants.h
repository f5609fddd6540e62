// The broker: gives devices the content keys of containers that they may have,
// and seals the checkpoints of rounds.
//
// Who may have what: a package of one device only that device, a common one
// everybody, a checkpoint the population of its round. Revoked devices do not
// come this far (cohort/enrolment.h).
//
// Not thread-safe.

#ifndef SOTTO_SERVER_MODELS_GRANTS_H_
#define SOTTO_SERVER_MODELS_GRANTS_H_

#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "crypto/rng.h"
#include "server/keys.h"
#include "server/models/published_models.h"
#include "server/rounds/round_keeper.h"
#include "server/state/store.h"

namespace sotto::server {

// Devices ask again when theirs is over; a revoked one cannot.
inline constexpr std::int64_t kGrantLifetimeMs = 7LL * 24 * 3600 * 1000;

class Grants {
 public:
  struct Parts {
    Store& store;
    Clock& clock;
    crypto::Rng& rng;
    const Keys& keys;
    PublishedModels& models;
    std::string model_store;
    std::string blobs_folder;
  };
  explicit Grants(Parts parts) : parts_(std::move(parts)) {}

  // Serialized grant.fbs. INVALID_ARGUMENT: no digest, or the device's key is
  // of no use. NOT_FOUND: no such container, or its key is not in escrow.
  // PERMISSION_DENIED: it is another device's or another population's.
  // DATA_LOSS: the escrow was made for another broker.
  absl::StatusOr<Bytes> Grant(const DeviceRecord& device, ByteView digest);

  // Seals a round's weights into a blob; the caller stores the sealed key in
  // the same transaction as the model.
  absl::StatusOr<SealedCheckpoint> Seal(ByteView weights);
  // Removes a sealed checkpoint's container; OK when it is gone.
  absl::Status Remove(const Bytes& digest);

 private:
  struct Escrow {
    Bytes sealed_key;
    std::uint64_t release_counter = 0;
  };
  absl::StatusOr<Escrow> EscrowFor(const DeviceRecord& device, ByteView digest);

  Parts parts_;
};

}  // namespace sotto::server

#endif  // SOTTO_SERVER_MODELS_GRANTS_H_
