// The request that proves a device's identity to the coordinator.

#ifndef SOTTO_CLIENT_AGENT_ENROLMENT_H_
#define SOTTO_CLIENT_AGENT_ENROLMENT_H_

#include <map>
#include <string>

#include "client/storage/identity.h"
#include "crypto/rng.h"
#include "proto/rpc/enrollment.pb.h"

namespace sotto::client {

inline constexpr char kSdkVersion[] = "0.1.0";

// Signed by the identity key over base/codec "sotto/enroll/v1" and fields 1 to
// 6 of the message.
v1::EnrollRequest MakeEnrollRequest(
    const Identity& identity,
    const std::map<std::string, std::string>& attributes, std::int64_t now_ms,
    crypto::Rng& rng);

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_AGENT_ENROLMENT_H_
