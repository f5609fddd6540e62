// The folder of one device: where its files lie. Whoever holds the FileLock on
// `lock` is the only process in it.
//
//   identity.key grant.key   private keys, mode 0600
//   request certificate      what the issuer gets, what it gave
//   client.db                everything that changes (client_database.h)
//   models/ partial/         installed containers, unfinished downloads
//   tuf-models/ tuf-director/  trusted metadata, as received

#ifndef SOTTO_CLIENT_STORAGE_STORAGE_FOLDER_H_
#define SOTTO_CLIENT_STORAGE_STORAGE_FOLDER_H_

#include <string>

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

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_STORAGE_STORAGE_FOLDER_H_
