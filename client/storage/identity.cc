#include "client/storage/identity.h"

#include <utility>

#include "base/file.h"
#include "base/status.h"
#include "crypto/kex.h"
#include "crypto/key_file.h"
#include "nlohmann/json.hpp"

namespace sotto::client {
namespace {

constexpr std::uint64_t kMaxCertificateBytes = 64 * 1024;

absl::StatusOr<crypto::SigningKey> ReadIdentityKey(const StoragePaths& paths) {
  absl::StatusOr<crypto::SigningKey> key =
      crypto::ReadSigningKeyFile(paths.identity_key);
  if (absl::IsNotFound(key.status())) {
    return absl::NotFoundError(
        absl::StrFormat("'%s' does not exist; make the device's identity with "
                        "`sotto-device init`",
                        paths.identity_key));
  }
  return key;
}

}  // namespace

absl::Status CreateIdentity(const std::string& folder,
                            const std::string& population, crypto::Rng& rng) {
  if (population.empty()) {
    return absl::InvalidArgumentError("the population's name is empty");
  }
  SOTTO_RETURN_IF_ERROR(MakeFolder(folder));
  const StoragePaths paths(folder);
  if (FileExists(paths.identity_key)) {
    return absl::AlreadyExistsError(absl::StrFormat(
        "'%s' exists: this folder has an identity; choose another folder",
        paths.identity_key));
  }
  const crypto::SigningKey identity = crypto::SigningKey::Generate(rng);
  const nlohmann::json request = {
      {"type", "sotto-device-request"},
      {"population", population},
      {"identity_key", HexEncode(identity.public_key())}};
  SOTTO_RETURN_IF_ERROR(
      crypto::WriteKeyFile(paths.grant_key, crypto::X25519Key::Generate(rng)));
  SOTTO_RETURN_IF_ERROR(WriteFileAtomically(
      paths.request,
      std::string_view(request.dump(1, ' ', false,
                                    nlohmann::json::error_handler_t::replace) +
                       "\n")));
  // Last: its presence says that the identity is complete.
  return crypto::WriteKeyFile(paths.identity_key, identity);
}

absl::Status KeepCertificate(const std::string& folder,
                             ByteView certificate_bytes) {
  const StoragePaths paths(folder);
  SOTTO_ASSIGN_OR_RETURN(const crypto::SigningKey key, ReadIdentityKey(paths));
  SOTTO_ASSIGN_OR_RETURN(const crypto::Certificate certificate,
                         crypto::DecodeCertificate(certificate_bytes));
  if (certificate.identity_key != key.public_key()) {
    return absl::PermissionDeniedError(absl::StrFormat(
        "the certificate is for device %s, '%s' is device %s; install the one "
        "issued for its request",
        HexEncode(certificate.device_id), folder,
        HexEncode(crypto::DeviceIdOf(key.public_key()))));
  }
  return WriteFileAtomically(paths.certificate, certificate_bytes);
}

absl::StatusOr<Identity> LoadIdentity(const StoragePaths& paths,
                                      const crypto::PublicKey& issuer,
                                      const std::string& population,
                                      UnixTime now) {
  SOTTO_ASSIGN_OR_RETURN(crypto::SigningKey key, ReadIdentityKey(paths));
  SOTTO_ASSIGN_OR_RETURN(const crypto::X25519Key grant,
                         crypto::ReadX25519KeyFile(paths.grant_key));
  absl::StatusOr<Bytes> bytes =
      ReadFile(paths.certificate, kMaxCertificateBytes);
  if (absl::IsNotFound(bytes.status())) {
    return absl::NotFoundError(absl::StrFormat(
        "'%s' does not exist; have '%s' certified with `sotto device issue` "
        "and add the result with `sotto-device install-certificate`",
        paths.certificate, paths.request));
  }
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<crypto::Certificate> certificate =
      crypto::VerifyCertificate(*bytes, issuer, now);
  if (!certificate.ok()) {
    return Annotate(certificate.status(),
                    absl::StrFormat("certificate '%s' (have the device's "
                                    "request certified again)",
                                    paths.certificate));
  }
  if (certificate->identity_key != key.public_key()) {
    return absl::UnauthenticatedError(
        absl::StrFormat("certificate '%s' is for another device than '%s'",
                        paths.certificate, paths.identity_key));
  }
  if (certificate->population != population) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "certificate '%s' is for population '%s', the configuration says '%s'",
        paths.certificate, certificate->population, population));
  }
  return Identity{.key = std::move(key),
                  .grant_key = {.private_key = crypto::SecretBytes::FromBytes(
                                    grant.scalar().Reveal()),
                                .public_key = Bytes(grant.public_key().begin(),
                                                    grant.public_key().end())},
                  .certificate = *std::move(certificate),
                  .certificate_bytes = *std::move(bytes)};
}

}  // namespace sotto::client
