#include <memory>

#include "base/file.h"
#include "base/status.h"
#include "client/storage/client_database.h"
#include "client/storage/identity.h"
#include "client/transport/grpc_coordinator.h"
#include "client/update/model_opener.h"
#include "sotto/config.h"
#include "tools/device/commands.h"

namespace sotto::tools {

// With root, the keys and the stored grant are files like any other. No code of
// the SDK offers this; a watermark is the answer to it.
absl::Status ExportDeviceModel(const std::string& config_file,
                               const std::string& out_file) {
  SOTTO_ASSIGN_OR_RETURN(const ClientConfig config,
                         LoadClientConfig(config_file));
  SOTTO_ASSIGN_OR_RETURN(
      const crypto::PublicKey issuer,
      crypto::ParsePublicKeyHex(config.issuer_public, "issuer_public"));
  SOTTO_ASSIGN_OR_RETURN(
      const crypto::PublicKey broker,
      crypto::ParsePublicKeyHex(config.broker_public, "broker_public"));
  const client::StoragePaths paths(config.storage);
  SOTTO_ASSIGN_OR_RETURN(const client::Identity identity,
                         client::LoadIdentity(paths, issuer, config.population,
                                              SystemClock().Now()));
  SOTTO_ASSIGN_OR_RETURN(client::ClientDatabase database,
                         client::ClientDatabase::Open(paths.database));
  SOTTO_ASSIGN_OR_RETURN(const std::unique_ptr<client::Coordinator> coordinator,
                         client::ConnectCoordinator(config.grpc, config.ca));
  SOTTO_ASSIGN_OR_RETURN(const auto token, database.Get("token"));
  if (token) coordinator->SetToken(ToString(*token));
  client::ModelOpener opener({.config = config,
                              .identity = identity,
                              .broker = broker,
                              .database = database,
                              .coordinator = *coordinator,
                              .clock = SystemClock()});
  SOTTO_ASSIGN_OR_RETURN(const std::unique_ptr<client::LoadedModel> model,
                         opener.LoadActive());
  return WriteFileAtomically(out_file, model->bytes(), FileMode::kPrivate);
}

}  // namespace sotto::tools
