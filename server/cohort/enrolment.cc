#include "server/cohort/enrolment.h"

#include "base/codec.h"
#include "base/status.h"
#include "crypto/hpke.h"
#include "crypto/sha2.h"
#include "nlohmann/json.hpp"

namespace sotto::server {
namespace {

constexpr std::int64_t kMaxSkewMs = 5 * 60 * 1000;
constexpr std::int64_t kSeenResolutionMs = 10 * 1000;
constexpr std::size_t kMaxAttributeBytes = 8192;
constexpr std::size_t kTokenBytes = 32;

// Names and values as given; bytes that are not UTF-8 are replaced.
absl::StatusOr<std::string> AttributesJson(const v1::EnrollRequest& request) {
  nlohmann::json attributes = nlohmann::json::object();
  for (const auto& [name, value] : request.attributes()) {
    attributes[name] = value;
  }
  std::string text =
      attributes.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (text.size() > kMaxAttributeBytes) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "enrolment: the attributes take %d bytes, the limit is %d", text.size(),
        kMaxAttributeBytes));
  }
  return text;
}

absl::Status CheckKemKey(const v1::EnrollRequest& request) {
  SOTTO_ASSIGN_OR_RETURN(const crypto::HpkeKem kem,
                         crypto::ParseHpkeKem(request.kem_id()));
  const std::size_t wants = kem == crypto::HpkeKem::kX25519 ? 32 : 65;
  if (request.kem_key().size() != wants) {
    return absl::InvalidArgumentError(
        absl::StrFormat("enrolment: the key for grants has %d bytes, wants %d",
                        request.kem_key().size(), wants));
  }
  return absl::OkStatus();
}

}  // namespace

Bytes EnrolmentSignedBytes(const v1::EnrollRequest& request) {
  return Encoder("sotto/enroll/v1")
      .Octets(request.certificate())
      .U32(request.kem_id())
      .Octets(request.kem_key())
      .I64(request.time_ms())
      .Octets(request.nonce())
      .Text(request.sdk_version())
      .bytes();
}

absl::Status Enrolment::RefuseRevoked(ByteView device_id) {
  SOTTO_ASSIGN_OR_RETURN(const auto reason, store_.Revocation(device_id));
  if (!reason.has_value()) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrFormat(
      "device %s is revoked (%s); ask the operator for a new identity",
      HexEncode(device_id), reason->empty() ? "no reason given" : *reason));
}

absl::StatusOr<v1::EnrollReply> Enrolment::Enroll(
    const v1::EnrollRequest& request) {
  const std::int64_t now_ms = clock_.NowMillis();
  const absl::StatusOr<crypto::Certificate> certificate =
      crypto::VerifyCertificate(AsBytes(request.certificate()), issuer_,
                                clock_.Now());
  if (!certificate.ok()) return certificate.status();
  const std::string name = HexEncode(certificate->device_id);
  // The device names any number; a difference could overflow.
  if (request.time_ms() < now_ms - kMaxSkewMs ||
      request.time_ms() > now_ms + kMaxSkewMs) {
    return absl::UnauthenticatedError(absl::StrFormat(
        "device %s: its clock is %.0f s off, at most 300 s are allowed; set "
        "the clock",
        name,
        (static_cast<double>(request.time_ms()) - static_cast<double>(now_ms)) /
            1000));
  }
  if (request.nonce().size() != 16) {
    return absl::InvalidArgumentError(
        absl::StrFormat("device %s: the nonce has %d bytes, wants 16", name,
                        request.nonce().size()));
  }
  if (!crypto::Verify(certificate->identity_key, EnrolmentSignedBytes(request),
                      AsBytes(request.signature()))
           .ok()) {
    return absl::UnauthenticatedError(absl::StrFormat(
        "device %s: the request is not signed by its identity key", name));
  }
  SOTTO_RETURN_IF_ERROR(RefuseRevoked(certificate->device_id));
  SOTTO_RETURN_IF_ERROR(CheckKemKey(request));
  SOTTO_ASSIGN_OR_RETURN(const std::string attributes, AttributesJson(request));

  const Bytes id(certificate->device_id.begin(), certificate->device_id.end());
  SOTTO_RETURN_IF_ERROR(
      store_.PutDevice({.device_id = id,
                        .population = certificate->population,
                        .certificate = ToBytes(request.certificate()),
                        .kem_id = request.kem_id(),
                        .kem_key = ToBytes(request.kem_key()),
                        .attributes_json = attributes,
                        .sdk_version = request.sdk_version(),
                        .last_seen_ms = now_ms}));
  Bytes token(kTokenBytes);
  rng_.Fill(token);
  const std::int64_t expires_ms =
      std::min(now_ms + token_lifetime_ms_, certificate->not_after_ms);
  SOTTO_RETURN_IF_ERROR(
      store_.PutSession(crypto::Sha256(token), id, expires_ms));
  v1::EnrollReply reply;
  reply.set_token(ToString(token));
  reply.set_expires_ms(expires_ms);
  reply.set_server_time_ms(now_ms);
  return reply;
}

absl::StatusOr<DeviceRecord> Enrolment::Authenticate(std::string_view token) {
  const std::int64_t now_ms = clock_.NowMillis();
  SOTTO_ASSIGN_OR_RETURN(
      const Bytes device_id,
      store_.SessionDevice(crypto::Sha256(AsBytes(token)), now_ms));
  SOTTO_RETURN_IF_ERROR(RefuseRevoked(device_id));
  SOTTO_ASSIGN_OR_RETURN(DeviceRecord device, store_.GetDevice(device_id));
  // A durable write for every poll would cost more than the poll.
  if (now_ms - device.last_seen_ms >= kSeenResolutionMs) {
    SOTTO_RETURN_IF_ERROR(store_.TouchDevice(device_id, now_ms));
  }
  return device;
}

}  // namespace sotto::server
