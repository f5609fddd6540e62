// Keeps the installed model the one that signed rules name for this device.
//
// Refresh: models and director metadata (TUF), then the rollout document, whose
// successor rules and signed policy are checked here, then this device's arm,
// computed here, then the arm's release: from a slot when it is on disk, else
// downloaded leaf by leaf and installed by one rename. What fails leaves the
// installed model as it was; expired metadata stops updates, never inference.
//
// Not thread-safe.

#ifndef SOTTO_CLIENT_UPDATE_UPDATER_H_
#define SOTTO_CLIENT_UPDATE_UPDATER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "client/storage/client_database.h"
#include "client/storage/identity.h"
#include "client/transport/blob_source.h"
#include "client/update/model_opener.h"
#include "client/update/signed_repository.h"
#include "sotto/config.h"

namespace sotto::client {

// What a refresh found and did.
struct ModelState {
  std::string arm;
  std::uint64_t rollout_seq = 0;
  std::uint64_t release = 0;
  bool new_document = false;  // a rollout document that was not seen before
  bool switched = false;      // another release is active than before
  bool reverted = false;      // ... and it is an older one
  std::uint64_t downloaded_bytes = 0;  // ciphertext of this release, all tries
};

class Updater {
 public:
  // All are borrowed and outlive the updater.
  struct Parts {
    const ClientConfig& config;
    const StoragePaths& paths;
    const Identity& identity;
    ClientDatabase& database;
    SignedRepository& models;    // what may run: signed offline
    SignedRepository& director;  // what this device should run: signed online
    BlobSource& source;
    ModelOpener& opener;
    Clock& clock;
  };

  virtual ~Updater() = default;

  // See Client::Update for the statuses.
  virtual absl::StatusOr<ModelState> Refresh() = 0;

  // A target of the models repository, as of the last refresh; refreshes once
  // when it is not known. NOT_FOUND: no such target. DATA_LOSS: other bytes
  // than the signed ones.
  virtual absl::StatusOr<Bytes> FetchTarget(const std::string& name,
                                            std::uint64_t max_bytes) = 0;

  // A round's sealed checkpoint, fetched, checked against its digest and
  // decrypted. DATA_LOSS: other bytes than the digest's. Errors of the grant.
  virtual absl::StatusOr<model_store::OpenedPayload> FetchCheckpoint(
      ByteView digest, std::uint64_t size_bytes) = 0;
};

// Where the director keeps the rules of the device's app.
std::string RolloutTargetName(const ClientConfig& config);

std::unique_ptr<Updater> MakeUpdater(const Updater::Parts& parts);

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_UPDATE_UPDATER_H_
