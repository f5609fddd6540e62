#include "crypto/certificate.h"

#include <algorithm>

#include "base/codec.h"
#include "base/status.h"
#include "crypto/sha2.h"

namespace sotto::crypto {
namespace {

constexpr char kTag[] = "sotto/certificate/v1";
constexpr std::size_t kMaxPopulation = 128;

}  // namespace

DeviceId DeviceIdOf(const PublicKey& identity_key) {
  const Sha256Digest digest = Sha256(identity_key);
  DeviceId id;
  std::copy_n(digest.begin(), id.size(), id.begin());
  return id;
}

Bytes IssueCertificate(const SigningKey& issuer, const PublicKey& identity_key,
                       const std::string& population,
                       std::int64_t not_before_ms, std::int64_t not_after_ms) {
  Encoder encoder(kTag);
  encoder.Octets(DeviceIdOf(identity_key)).Octets(identity_key);
  encoder.Text(population).I64(not_before_ms).I64(not_after_ms);
  Bytes bytes = std::move(encoder).Take();
  const Signature signature = issuer.Sign(bytes);
  bytes.insert(bytes.end(), signature.begin(), signature.end());
  return bytes;
}

absl::StatusOr<Certificate> DecodeCertificate(ByteView bytes) {
  if (bytes.size() < sizeof(Signature)) {
    return absl::InvalidArgumentError(
        "certificate is shorter than a signature");
  }
  Decoder decoder(bytes.first(bytes.size() - sizeof(Signature)));
  Certificate certificate;
  SOTTO_RETURN_IF_ERROR(Annotate(decoder.Tag(kTag), "certificate"));
  SOTTO_ASSIGN_OR_RETURN(const ByteView id, decoder.Octets("device_id"));
  SOTTO_ASSIGN_OR_RETURN(const ByteView key, decoder.Octets("identity_key"));
  SOTTO_ASSIGN_OR_RETURN(certificate.population, decoder.Text("population"));
  SOTTO_ASSIGN_OR_RETURN(certificate.not_before_ms,
                         decoder.I64("not_before_ms"));
  SOTTO_ASSIGN_OR_RETURN(certificate.not_after_ms, decoder.I64("not_after_ms"));
  SOTTO_RETURN_IF_ERROR(Annotate(decoder.Finish(), "certificate"));
  SOTTO_ASSIGN_OR_RETURN(certificate.identity_key,
                         ParsePublicKey(key, "certificate identity_key"));
  certificate.device_id = DeviceIdOf(certificate.identity_key);
  if (!std::ranges::equal(id, certificate.device_id)) {
    return absl::InvalidArgumentError(
        "certificate: device_id is not derived from identity_key");
  }
  if (certificate.population.size() > kMaxPopulation) {
    return absl::InvalidArgumentError(
        "certificate: population is longer than 128 bytes");
  }
  return certificate;
}

absl::StatusOr<Certificate> VerifyCertificate(ByteView bytes,
                                              const PublicKey& issuer,
                                              UnixTime now) {
  SOTTO_ASSIGN_OR_RETURN(Certificate certificate, DecodeCertificate(bytes));
  const std::string name =
      "certificate of device " + HexEncode(certificate.device_id);
  const std::size_t body = bytes.size() - sizeof(Signature);
  if (!Verify(issuer, bytes.first(body), bytes.subspan(body)).ok()) {
    return absl::UnauthenticatedError(
        name +
        " is not signed by the pinned issuer; ask the issuer for a new "
        "one");
  }
  const std::int64_t now_ms = now.time_since_epoch().count();
  if (now_ms < certificate.not_before_ms) {
    return absl::UnauthenticatedError(name +
                                      " is not valid yet; check the clock");
  }
  if (now_ms >= certificate.not_after_ms) {
    return absl::UnauthenticatedError(
        name + " has expired; ask the issuer for a new one");
  }
  return certificate;
}

}  // namespace sotto::crypto
