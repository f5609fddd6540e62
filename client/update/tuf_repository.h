// A SignedRepository over HTTPS: the TUF client of model_store, with its
// trusted metadata in a folder.

#ifndef SOTTO_CLIENT_UPDATE_TUF_REPOSITORY_H_
#define SOTTO_CLIENT_UPDATE_TUF_REPOSITORY_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "client/transport/blob_source.h"
#include "client/update/signed_repository.h"

namespace sotto::client {

struct TufRepositoryParts {
  std::string root_file;  // the first root metadata, shipped with the app
  std::string folder;     // trusted metadata
  std::string path;       // at the source: "/models" or "/director"
  BlobSource& source;     // borrowed, like the clock
  Clock& clock;
};

// NOT_FOUND, INVALID_ARGUMENT: the root file is absent or is no root metadata.
absl::StatusOr<std::unique_ptr<SignedRepository>> OpenTufRepository(
    const TufRepositoryParts& parts);

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_UPDATE_TUF_REPOSITORY_H_
