#include "client/transport/status_cast.h"

#include "gtest/gtest.h"

namespace sotto::client {
namespace {

TEST(StatusCast, EveryCodeKeepsItsNumberAndMessage) {
  for (int code = 0; code <= 16; ++code) {
    const absl::Status status =
        FromGrpc(grpc::Status(static_cast<grpc::StatusCode>(code), "why"));
    EXPECT_EQ(static_cast<int>(status.code()), code);
    if (code != 0) {
      EXPECT_EQ(status.message(), "why");
    }
  }
}

TEST(StatusCast, ANumberOutsideTheEnumIsUnknown) {
  EXPECT_EQ(
      FromGrpc(grpc::Status(static_cast<grpc::StatusCode>(31), "")).code(),
      absl::StatusCode::kUnknown);
}

}  // namespace
}  // namespace sotto::client
