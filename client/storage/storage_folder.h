// The folder of one device: where its files lie, and the lock that keeps a
// second process out.
//
//   identity.key grant.key   private keys, mode 0600
//   request certificate      what the issuer gets, what it gave
//   client.db                everything that changes (client_database.h)
//   models/ partial/         installed containers, unfinished downloads
//   tuf-models/ tuf-director/  trusted metadata, as received

#ifndef SOTTO_CLIENT_STORAGE_STORAGE_FOLDER_H_
#define SOTTO_CLIENT_STORAGE_STORAGE_FOLDER_H_

#include <string>

#include "absl/status/statusor.h"

namespace sotto::client {

struct StoragePaths {
  explicit StoragePaths(const std::string& folder)
      : identity_key(folder + "/identity.key"),
        grant_key(folder + "/grant.key"),
        request(folder + "/request"),
        certificate(folder + "/certificate.installed"),
        database(folder + "/client.db"),
        lock(folder + "/lock"),
        models(folder + "/models"),
        partial(folder + "/partial"),
        models_metadata(folder + "/tuf-models"),
        director_metadata(folder + "/tuf-director") {}

  std::string identity_key, grant_key, request, certificate, database, lock,
      models, partial, models_metadata, director_metadata;
};

// Held until destroyed; a killed process releases it. Moves only.
class StorageLock {
 public:
  // FAILED_PRECONDITION: another process holds it. Errors of opening the file.
  static absl::StatusOr<StorageLock> Acquire(const std::string& path);
  StorageLock(StorageLock&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  StorageLock& operator=(StorageLock&& other) noexcept;
  ~StorageLock();

 private:
  explicit StorageLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_STORAGE_STORAGE_FOLDER_H_
