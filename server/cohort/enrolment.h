// Who a caller is: enrolment by certificate, then session tokens.

#ifndef SOTTO_SERVER_COHORT_ENROLMENT_H_
#define SOTTO_SERVER_COHORT_ENROLMENT_H_

#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "crypto/certificate.h"
#include "crypto/rng.h"
#include "proto/rpc/enrollment.pb.h"
#include "server/state/store.h"

namespace sotto::server {

// What the device's identity key signs: base/codec "sotto/enroll/v1" and fields
// 1 to 6 of the request in order.
Bytes EnrolmentSignedBytes(const v1::EnrollRequest& request);

class Enrolment {
 public:
  // All but `issuer` are borrowed for the life of the object.
  Enrolment(Store& store, Clock& clock, crypto::Rng& rng,
            const crypto::PublicKey& issuer, std::int64_t token_lifetime_ms)
      : store_(store),
        clock_(clock),
        rng_(rng),
        issuer_(issuer),
        token_lifetime_ms_(token_lifetime_ms) {}

  // Idempotent. INVALID_ARGUMENT: a malformed field. UNAUTHENTICATED: a
  // certificate of another issuer, an expired one, a wrong signature, a clock
  // more than five minutes off. PERMISSION_DENIED: revoked.
  absl::StatusOr<v1::EnrollReply> Enroll(const v1::EnrollRequest& request);

  // The device of a session token. UNAUTHENTICATED: enrol again.
  // PERMISSION_DENIED: revoked since.
  absl::StatusOr<DeviceRecord> Authenticate(std::string_view token);

 private:
  absl::Status RefuseRevoked(ByteView device_id);

  Store& store_;
  Clock& clock_;
  crypto::Rng& rng_;
  crypto::PublicKey issuer_;
  std::int64_t token_lifetime_ms_;
};

}  // namespace sotto::server

#endif  // SOTTO_SERVER_COHORT_ENROLMENT_H_
