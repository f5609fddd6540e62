// The models repository as the coordinator sees it: what the publisher signed,
// verified as a device would verify it. The coordinator reads it, never writes.
//
// Not thread-safe.

#ifndef SOTTO_SERVER_MODELS_PUBLISHED_MODELS_H_
#define SOTTO_SERVER_MODELS_PUBLISHED_MODELS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "model_store/tuf/updater.h"

namespace sotto::server {

// A container that signed metadata names.
struct PublishedContainer {
  std::string target;
  std::uint64_t release_counter = 0;
  std::string recipient;  // device id in hex; empty: for everybody
};

class PublishedModels {
 public:
  // `model_store` is the store's folder; `trusted` keeps verified metadata.
  // Nothing is read yet. The clock is borrowed.
  PublishedModels(const std::string& model_store, std::string trusted,
                  Clock& clock);

  // Each reads the repository again when it does not know what is asked for.
  // NOT_FOUND: it is not published. Other errors: of model_store::Updater, with
  // "models repository" in front.
  absl::StatusOr<Bytes> ReadTarget(const std::string& name);
  absl::StatusOr<bool> HasRelease(const std::string& model,
                                  std::uint64_t release);
  absl::StatusOr<PublishedContainer> FindContainer(ByteView digest);

 private:
  absl::Status Reload();
  absl::Status EnsureLoaded();

  const std::string folder_;
  const std::string trusted_;
  Clock& clock_;
  model_store::FolderFetcher fetcher_;
  std::optional<model_store::Updater> updater_;
  Bytes loaded_timestamp_;  // the file that the maps are of
  std::map<std::string, model_store::TufTarget> targets_;
  std::map<Bytes, PublishedContainer> containers_;  // by digest
};

}  // namespace sotto::server

#endif  // SOTTO_SERVER_MODELS_PUBLISHED_MODELS_H_
