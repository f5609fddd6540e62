#include "watermark/evidence/local_registry.h"

#include <algorithm>
#include <utility>

#include "base/file.h"
#include "base/status.h"
#include "crypto/key_file.h"

namespace sotto::watermark {
namespace {

constexpr std::uint64_t kMaxRegistryBytes = 64 << 20;

std::string KeyPath(const std::string& path) { return path + ".key"; }

absl::Status Write(const std::string& path, const Registry& registry) {
  return WriteFileAtomically(path, registry.Serialize());
}

absl::Status MakeIfNew(const std::string& path, crypto::Rng& rng) {
  const bool log = FileExists(path), key = FileExists(KeyPath(path));
  if (log && key) return absl::OkStatus();
  if (log) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "'%s': its signing key '%s' is not here, so nothing can be registered",
        path, KeyPath(path)));
  }
  // A key alone is what a kill between the two writes leaves, or all that is
  // left of a lost registry; a new log under it would hide the loss.
  if (key) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "'%s' is absent but its key '%s' is here: restore the registry, or "
        "remove the key to begin a new one",
        path, KeyPath(path)));
  }
  const auto signing_key = crypto::SigningKey::Generate(rng);
  SOTTO_RETURN_IF_ERROR(crypto::WriteKeyFile(KeyPath(path), signing_key));
  return Write(path, Registry(signing_key.public_key()));
}

}  // namespace

absl::StatusOr<Registry> ReadRegistryFile(const std::string& path) {
  SOTTO_ASSIGN_OR_RETURN(const Bytes bytes, ReadFile(path, kMaxRegistryBytes));
  absl::StatusOr<Registry> registry = Registry::Parse(bytes);
  if (!registry.ok()) return Annotate(registry.status(), "'" + path + "'");
  return registry;
}

absl::StatusOr<RegisterOutcome> RegisterModel(const std::string& path,
                                              const OwnerKey& key,
                                              const runtime::Model& model,
                                              crypto::Rng& rng, Clock& clock) {
  SOTTO_ASSIGN_OR_RETURN(const UnitGraph graph, BuildUnitGraph(model));
  SOTTO_ASSIGN_OR_RETURN(const Carrier carrier, FindCarrier(graph));
  SOTTO_RETURN_IF_ERROR(MakeIfNew(path, rng));
  SOTTO_ASSIGN_OR_RETURN(Registry registry, ReadRegistryFile(path));
  SOTTO_ASSIGN_OR_RETURN(const crypto::SigningKey signing_key,
                         crypto::ReadSigningKeyFile(KeyPath(path)));
  const crypto::Sha256Digest digest = ModelDigest(model);

  RegisterOutcome outcome;
  std::uint64_t number = 0;
  const auto& known = registry.registrations();
  const auto found = std::ranges::find_if(known, [&](const Registration& r) {
    return r.model == digest && r.OpensWith(key);
  });
  if (found != known.end()) {
    number = found->number;
    outcome.existed = true;
  } else {
    SOTTO_ASSIGN_OR_RETURN(
        number, registry.Commit(signing_key, key, ArchitectureDigest(model),
                                digest, DefaultStrength(carrier.size / 2),
                                kOwnerEpsilon, clock.NowMillis()));
    SOTTO_RETURN_IF_ERROR(Write(path, registry));
  }
  if (!registry.Find(number)->nonce.has_value()) {
    SOTTO_RETURN_IF_ERROR(
        registry.DrawNonce(signing_key, number, rng, clock.NowMillis()));
    SOTTO_RETURN_IF_ERROR(Write(path, registry));
  }
  outcome.registration = *registry.Find(number);
  outcome.head = registry.head();
  return outcome;
}

absl::Status AttestModel(const std::string& path, const OwnerKey& key,
                         std::uint64_t number,
                         const crypto::Sha256Digest& marked, Clock& clock) {
  SOTTO_ASSIGN_OR_RETURN(Registry registry, ReadRegistryFile(path));
  const Registration* registration = registry.Find(number);
  if (registration != nullptr &&
      std::ranges::find(registration->marked, marked) !=
          registration->marked.end()) {
    return absl::OkStatus();
  }
  SOTTO_ASSIGN_OR_RETURN(const crypto::SigningKey signing_key,
                         crypto::ReadSigningKeyFile(KeyPath(path)));
  SOTTO_RETURN_IF_ERROR(
      registry.Attest(signing_key, key, number, marked, clock.NowMillis()));
  return Write(path, registry);
}

}  // namespace sotto::watermark
