#include "client/agent/enrolment.h"

#include "base/codec.h"

namespace sotto::client {

v1::EnrollRequest MakeEnrollRequest(
    const Identity& identity,
    const std::map<std::string, std::string>& attributes, std::int64_t now_ms,
    crypto::Rng& rng) {
  Bytes nonce(16);
  rng.Fill(nonce);
  v1::EnrollRequest request;
  request.set_certificate(ToString(identity.certificate_bytes));
  request.set_kem_id(static_cast<std::uint32_t>(crypto::HpkeKem::kX25519));
  request.set_kem_key(ToString(identity.grant_key.public_key));
  request.set_time_ms(now_ms);
  request.set_nonce(ToString(nonce));
  request.set_sdk_version(kSdkVersion);
  request.mutable_attributes()->insert(attributes.begin(), attributes.end());
  const crypto::Signature signature =
      identity.key.Sign(Encoder("sotto/enroll/v1")
                            .Octets(request.certificate())
                            .U32(request.kem_id())
                            .Octets(request.kem_key())
                            .I64(request.time_ms())
                            .Octets(request.nonce())
                            .Text(request.sdk_version())
                            .bytes());
  request.set_signature(ToString(signature));
  return request;
}

}  // namespace sotto::client
