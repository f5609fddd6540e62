#include "watermark/evidence/key_file.h"

#include <algorithm>
#include <utility>

#include "base/codec.h"
#include "base/file.h"
#include "base/status.h"
#include "crypto/aead.h"

namespace sotto::watermark {
namespace {

constexpr char kTag[] = "sotto/watermark-key/v1";
constexpr std::uint8_t kPlain = 0;
constexpr std::uint8_t kPassphrase = 1;

absl::Status CheckSize(const char* field, ByteView bytes, std::size_t size) {
  if (bytes.size() == size) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("the %s has %d bytes, expected %d", field,
                      static_cast<int>(bytes.size()), static_cast<int>(size)));
}

OwnerKey FromBytes(ByteView secret) {
  return OwnerKey::FromSecret(
      crypto::Secret<32>::FromBytes(secret.first<32>()));
}

// What the seal authenticates: all fields before it.
Encoder Header(const crypto::PassphraseCost& cost,
               const crypto::PassphraseSalt& salt) {
  return Encoder(kTag)
      .U8(kPassphrase)
      .U32(cost.passes)
      .U32(cost.memory_kib)
      .Octets(salt);
}

absl::StatusOr<OwnerKey> OpenSealed(Decoder& decoder,
                                    const PassphraseSource& ask) {
  crypto::PassphraseCost cost;
  SOTTO_ASSIGN_OR_RETURN(cost.passes, decoder.U32("passes"));
  SOTTO_ASSIGN_OR_RETURN(cost.memory_kib, decoder.U32("memory"));
  SOTTO_ASSIGN_OR_RETURN(const ByteView salt_bytes, decoder.Octets("salt"));
  SOTTO_ASSIGN_OR_RETURN(const ByteView sealed, decoder.Octets("sealed"));
  SOTTO_RETURN_IF_ERROR(decoder.Finish());
  crypto::PassphraseSalt salt;
  SOTTO_RETURN_IF_ERROR(CheckSize("salt", salt_bytes, salt.size()));
  SOTTO_RETURN_IF_ERROR(
      CheckSize("sealed secret", sealed, 32 + crypto::kAeadTagBytes));
  std::ranges::copy(salt_bytes, salt.begin());
  if (!ask) {
    return absl::FailedPreconditionError(
        "the key is protected by a passphrase and there is none");
  }
  SOTTO_ASSIGN_OR_RETURN(const crypto::SecretBytes passphrase, ask());
  SOTTO_ASSIGN_OR_RETURN(
      const crypto::Secret<32> wrapping,
      crypto::KeyFromPassphrase(passphrase.Reveal(), salt, cost));
  const auto secret =
      crypto::Aead(wrapping).Open({}, Header(cost, salt).bytes(), sealed);
  if (!secret.ok()) {
    return absl::PermissionDeniedError(
        "the passphrase is wrong, or the file was changed");
  }
  return FromBytes(secret->Reveal());
}

}  // namespace

absl::StatusOr<OwnerKey> ParseOwnerKey(ByteView bytes,
                                       const PassphraseSource& ask) {
  Decoder decoder(bytes);
  if (!decoder.Tag(kTag).ok()) {
    return absl::InvalidArgumentError("not a watermark key file");
  }
  SOTTO_ASSIGN_OR_RETURN(const std::uint8_t protection,
                         decoder.U8("protection"));
  if (protection == kPassphrase) return OpenSealed(decoder, ask);
  if (protection != kPlain) {
    return absl::UnimplementedError(
        absl::StrFormat("protection %d of the key is unknown", protection));
  }
  SOTTO_ASSIGN_OR_RETURN(const ByteView secret, decoder.Octets("secret"));
  SOTTO_RETURN_IF_ERROR(decoder.Finish());
  SOTTO_RETURN_IF_ERROR(CheckSize("secret", secret, 32));
  return FromBytes(secret);
}

Bytes SerializeOwnerKey(const OwnerKey& key) {
  return Encoder(kTag).U8(kPlain).Octets(key.secret().Reveal()).bytes();
}

absl::StatusOr<Bytes> SealOwnerKey(const OwnerKey& key, ByteView passphrase,
                                   const crypto::PassphraseCost& cost,
                                   crypto::Rng& rng) {
  if (passphrase.empty()) {
    return absl::InvalidArgumentError("the passphrase is empty");
  }
  crypto::PassphraseSalt salt;
  rng.Fill(salt);
  SOTTO_ASSIGN_OR_RETURN(const crypto::Secret<32> wrapping,
                         crypto::KeyFromPassphrase(passphrase, salt, cost));
  Encoder file = Header(cost, salt);
  // The salt is fresh, so the key seals this one message: any nonce will do.
  file.Octets(
      crypto::Aead(wrapping).Seal({}, file.bytes(), key.secret().Reveal()));
  return std::move(file).Take();
}

absl::Status WriteOwnerKeyFile(const std::string& path, Bytes bytes) {
  absl::Status status;
  if (FileExists(path)) {
    status = absl::AlreadyExistsError(absl::StrFormat(
        "'%s' exists; a key is not overwritten, choose another path", path));
  } else {
    status = WriteFileAtomically(path, bytes, FileMode::kPrivate);
  }
  crypto::Wipe(bytes);
  return status;
}

absl::StatusOr<OwnerKey> ReadOwnerKeyFile(const std::string& path,
                                          const PassphraseSource& ask) {
  SOTTO_ASSIGN_OR_RETURN(Bytes bytes, ReadFile(path, 64 << 10));
  absl::StatusOr<OwnerKey> key = ParseOwnerKey(bytes, ask);
  crypto::Wipe(bytes);
  if (!key.ok()) return Annotate(key.status(), "'" + path + "'");
  return key;
}

}  // namespace sotto::watermark
