#include "server/rpc/status_cast.h"

#include <string>

#include "gtest/gtest.h"

namespace sotto::server {
namespace {

TEST(StatusCastTest, AllSeventeenCodesSurviveBothWays) {
  for (int number = 0; number <= 16; ++number) {
    const absl::Status before(static_cast<absl::StatusCode>(number), "why");
    const grpc::Status wire = ToGrpcStatus(before);
    EXPECT_EQ(static_cast<int>(wire.error_code()), number);
    EXPECT_EQ(wire.error_message(), number == 0 ? "" : "why");
    EXPECT_EQ(FromGrpcStatus(wire), before);
  }
}

TEST(StatusCastTest, AnUnlistedNumberBecomesUnknown) {
  for (const int number : {-1, 17, 31}) {
    const grpc::Status wire(static_cast<grpc::StatusCode>(number), "odd");
    EXPECT_EQ(FromGrpcStatus(wire).code(), absl::StatusCode::kUnknown);
    EXPECT_EQ(
        ToGrpcStatus(absl::Status(static_cast<absl::StatusCode>(number), "odd"))
            .error_code(),
        grpc::StatusCode::UNKNOWN);
  }
}

}  // namespace
}  // namespace sotto::server
