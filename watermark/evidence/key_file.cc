#include "watermark/evidence/key_file.h"

#include <utility>

#include "base/codec.h"
#include "base/file.h"
#include "base/status.h"

namespace sotto::watermark {
namespace {

constexpr char kTag[] = "sotto/watermark-key/v1";
constexpr std::uint8_t kPlain = 0;

}  // namespace

absl::StatusOr<OwnerKey> ParseOwnerKey(ByteView bytes) {
  Decoder decoder(bytes);
  if (!decoder.Tag(kTag).ok()) {
    return absl::InvalidArgumentError("not a watermark key file");
  }
  SOTTO_ASSIGN_OR_RETURN(const std::uint8_t protection,
                         decoder.U8("protection"));
  if (protection != kPlain) {
    return absl::UnimplementedError(
        absl::StrFormat("protection %d of the key is unknown", protection));
  }
  SOTTO_ASSIGN_OR_RETURN(const ByteView secret, decoder.Octets("secret"));
  SOTTO_RETURN_IF_ERROR(decoder.Finish());
  if (secret.size() != 32) {
    return absl::InvalidArgumentError(
        absl::StrFormat("the secret has %d bytes, expected 32",
                        static_cast<int>(secret.size())));
  }
  return OwnerKey::FromSecret(
      crypto::Secret<32>::FromBytes(secret.first<32>()));
}

absl::Status WriteOwnerKeyFile(const std::string& path, const OwnerKey& key) {
  if (FileExists(path)) {
    return absl::AlreadyExistsError(absl::StrFormat(
        "'%s' exists; a key is not overwritten, choose another path", path));
  }
  Encoder encoder(kTag);
  encoder.U8(kPlain).Octets(key.secret().Reveal());
  Bytes bytes = std::move(encoder).Take();
  const absl::Status status =
      WriteFileAtomically(path, bytes, FileMode::kPrivate);
  crypto::Wipe(bytes);
  return status;
}

absl::StatusOr<OwnerKey> ReadOwnerKeyFile(const std::string& path) {
  SOTTO_ASSIGN_OR_RETURN(Bytes bytes, ReadFile(path, 64 << 10));
  absl::StatusOr<OwnerKey> key = ParseOwnerKey(bytes);
  crypto::Wipe(bytes);
  if (!key.ok()) return Annotate(key.status(), "'" + path + "'");
  return key;
}

}  // namespace sotto::watermark
