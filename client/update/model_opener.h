// From sealed containers to usable bytes: gets the grant (a stored one when it
// is still valid, else from the broker), opens the container, parses the model.
//
// Not thread-safe; two openers with connections of their own may share a
// storage folder.

#ifndef SOTTO_CLIENT_UPDATE_MODEL_OPENER_H_
#define SOTTO_CLIENT_UPDATE_MODEL_OPENER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "client/storage/client_database.h"
#include "client/storage/identity.h"
#include "client/transport/coordinator.h"
#include "client/update/loaded_model.h"
#include "model_store/container/container.h"
#include "sotto/config.h"

namespace sotto::client {

class ModelOpener {
 public:
  // All are borrowed and outlive the opener.
  struct Parts {
    const ClientConfig& config;
    const Identity& identity;
    const crypto::PublicKey& broker;  // signs grants
    ClientDatabase& database;
    Coordinator& coordinator;
    Clock& clock;
  };
  explicit ModelOpener(Parts parts) : parts_(parts) {}

  // The plaintext of the container `bytes`, whose SHA-256 is `digest` (already
  // checked, or DATA_LOSS). `name` is for messages. PERMISSION_DENIED: the
  // grant is refused, not the broker's, or for another device. NOT_FOUND: the
  // broker does not know the container. UNAVAILABLE: try again.
  absl::StatusOr<model_store::OpenedPayload> Open(ByteView bytes,
                                                  ByteView digest,
                                                  const std::string& name);

  // The active release. NOT_FOUND: nothing is installed. DATA_LOSS: the file is
  // damaged; it is forgotten, so the next update fetches it again.
  absl::StatusOr<std::unique_ptr<LoadedModel>> LoadActive();

 private:
  // The stored grant's key, or NOT_FOUND when there is none that is valid.
  absl::StatusOr<model_store::FileKey> StoredKey(ByteView digest);
  absl::StatusOr<model_store::FileKey> FetchKey(ByteView digest);
  absl::StatusOr<model_store::FileKey> KeyFrom(ByteView grant, ByteView digest);

  Parts parts_;
};

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_UPDATE_MODEL_OPENER_H_
