// The one-byte status of kernels, the micro profile and the C ABI. Its numbers
// are absl::StatusCode's and gRPC's, so every border is a checked cast.

#ifndef SOTTO_BASE_STATUS_CODE_H_
#define SOTTO_BASE_STATUS_CODE_H_

#include <cstdint>

namespace sotto {

enum class [[nodiscard]] StatusCode : std::uint8_t{
    kOk = 0,
    kCancelled = 1,
    kUnknown = 2,
    kInvalidArgument = 3,
    kDeadlineExceeded = 4,
    kNotFound = 5,
    kAlreadyExists = 6,
    kPermissionDenied = 7,
    kResourceExhausted = 8,
    kFailedPrecondition = 9,
    kAborted = 10,
    kOutOfRange = 11,
    kUnimplemented = 12,
    kInternal = 13,
    kUnavailable = 14,
    kDataLoss = 15,
    kUnauthenticated = 16,
};

}  // namespace sotto

#endif  // SOTTO_BASE_STATUS_CODE_H_
