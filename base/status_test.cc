#include "base/status.h"

#include "gtest/gtest.h"

namespace sotto {
namespace {

absl::StatusOr<int> Half(int value) {
  if (value % 2 != 0) return absl::InvalidArgumentError("odd");
  return value / 2;
}

absl::StatusOr<int> Quarter(int value) {
  SOTTO_ASSIGN_OR_RETURN(const int half, Half(value));
  SOTTO_ASSIGN_OR_RETURN(const int quarter, Half(half));
  return quarter;
}

TEST(StatusTest, AssignOrReturnPassesValuesAndStopsAtTheFirstError) {
  EXPECT_EQ(Quarter(8).value(), 2);
  EXPECT_EQ(Quarter(6).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(StatusTest, AnnotateKeepsTheCodeAndPutsThePrefixFirst) {
  const absl::Status status = Annotate(absl::DataLossError("bad"), "chunk 3");
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(status.message(), "chunk 3: bad");
  EXPECT_TRUE(Annotate(absl::OkStatus(), "x").ok());
}

TEST(StatusTest, AllSeventeenCodesSurviveBothCasts) {
  for (int number = 0; number <= 16; ++number) {
    const absl::StatusCode code = AbslCodeFromInt(number);
    EXPECT_EQ(static_cast<int>(code), number);
    EXPECT_EQ(static_cast<int>(ToStatusCode(code)), number);
    EXPECT_EQ(ToAbslCode(ToStatusCode(code)), code);
  }
  EXPECT_EQ(AbslCodeFromInt(17), absl::StatusCode::kUnknown);
  EXPECT_EQ(AbslCodeFromInt(-1), absl::StatusCode::kUnknown);
}

}  // namespace
}  // namespace sotto
