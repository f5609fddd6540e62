#include "secure_agg/graph/parameters.h"

#include <array>
#include <sstream>
#include <string>

#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::secure_agg {
namespace {

struct KnownAnswer {
  std::uint32_t neighbours = 0, threshold = 0;
};

constexpr std::array<std::uint32_t, 7> kSizes = {100,  300,   500,   1000,
                                                 3000, 10000, 100000};
// Published answers for 40 bits of security and 20 of correctness: gamma,
// delta, server, then k and t for each of kSizes.
constexpr char kTable[] = R"(
0.05 0.05 curious 12 6 24 14 28 16 30 17 32 19 34 20 36 21
0.10 0.10 curious 22 11 36 21 42 24 48 27 50 29 54 31 58 33
0.10 0.30 curious 34 11 66 26 76 31 88 36 100 41 108 44 122 49
0.20 0.20 curious 40 21 74 41 88 48 98 54 114 62 122 67 134 73
0.33 0.10 curious 42 32 78 55 90 64 102 72 114 80 126 88 138 96
0.05 0.05 active 16 11 38 27 44 31 52 37 58 41 62 44 68 48
0.10 0.10 active 32 22 66 46 82 57 96 67 112 78 122 85 134 93
0.10 0.30 active 72 42 186 109 276 164 414 247 624 373 778 465 926 553
0.20 0.10 active 42 32 94 70 116 86 140 104 166 123 184 136 204 150
0.20 0.20 active 62 42 160 109 220 150 302 206 408 278 482 328 552 375
)";

struct Point {
  double corrupted = 0, dropped = 0;
  ServerModel server = ServerModel::kActive;
  std::uint32_t cohort_size = 0;
  KnownAnswer answer = {};
  std::uint32_t security_bits = 40;
  std::uint32_t correctness_bits = 20;
};
const Point kPoints[] = {
    {0.45, 0.45, ServerModel::kCurious, 100, {92, 46}},
    {0.45, 0.45, ServerModel::kCurious, 1000, {822, 417}},
    {0.45, 0.45, ServerModel::kCurious, 10000, {3494, 1771}},
    {0.45, 0.45, ServerModel::kCurious, 1000000, {6240, 3156}},
    {0.33, 0.33, ServerModel::kCurious, 10, {8, 4}},
    {0.33, 0.33, ServerModel::kCurious, 10000, {422, 221}},
    {0.33, 0.33, ServerModel::kCurious, 1000000, {518, 270}},
    {0.05, 0.33, ServerModel::kCurious, 1000, {72, 24}},
    {0.05, 0.33, ServerModel::kCurious, 1000000, {102, 34}},
    {0.05, 0.05, ServerModel::kCurious, 1000000, {38, 22}},
    {0.30, 0.30, ServerModel::kActive, 1000, {872, 584}},
    {0.30, 0.30, ServerModel::kActive, 1000000, {11136, 7454}},
    {0.05, 0.33, ServerModel::kActive, 10, {8, 5}},
    {0.05, 0.33, ServerModel::kActive, 100000, {882, 496}},
    {0.33, 0.05, ServerModel::kActive, 1000, {132, 109}},
    {0.05, 0.05, ServerModel::kActive, 1000000, {74, 52}},
    // A server that may try 2^40 orders: 80 bits, with 30 of correctness.
    {0.10, 0.10, ServerModel::kActive, 1000, {138, 98}, 80, 30},
    {0.10, 0.10, ServerModel::kActive, 10000, {182, 129}, 80, 30},
    {0.05, 0.05, ServerModel::kActive, 1000, {76, 55}, 80, 30},
    {0.05, 0.05, ServerModel::kActive, 10000, {94, 68}, 80, 30},
};

void ExpectAnswer(const Point& point) {
  SCOPED_TRACE(::testing::Message()
               << "n " << point.cohort_size << " gamma " << point.corrupted
               << " delta " << point.dropped);
  const auto found =
      FindRegularGraph({.cohort_size = point.cohort_size,
                        .corrupted_fraction = point.corrupted,
                        .dropout_fraction = point.dropped,
                        .security_bits = point.security_bits,
                        .correctness_bits = point.correctness_bits,
                        .server = point.server});
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->neighbours, point.answer.neighbours);
  EXPECT_EQ(found->threshold, point.answer.threshold);
}

TEST(ParametersTest, EveryKnownAnswerOfTheTableIsFound) {
  std::istringstream table(kTable);
  int rows = 0;
  Point point;
  std::string server;
  while (table >> point.corrupted >> point.dropped >> server) {
    point.server =
        server == "active" ? ServerModel::kActive : ServerModel::kCurious;
    for (const std::uint32_t size : kSizes) {
      point.cohort_size = size;
      ASSERT_TRUE(table >> point.answer.neighbours >> point.answer.threshold);
      ExpectAnswer(point);
    }
    ++rows;
  }
  EXPECT_EQ(rows, 10);
}

TEST(ParametersTest, EveryFurtherKnownAnswerIsFound) {
  for (const Point& point : kPoints) ExpectAnswer(point);
}

TEST(ParametersTest, AnActiveServerNeverReachesBothSecrets) {
  for (const std::uint32_t n : {100u, 1000u, 10000u}) {
    const GraphAssumptions assume = {
        .cohort_size = n, .corrupted_fraction = 0.1, .dropout_fraction = 0.1};
    const auto active = FindRegularGraph(assume);
    ASSERT_THAT(active, IsOk());
    EXPECT_GT(2 * active->threshold, active->neighbours);
    EXPECT_EQ(active->neighbours % 2, 0u);
    EXPECT_LT(active->neighbours, n);
  }
}

TEST(ParametersTest, ACohortThatNoRingBearsIsNotFound) {
  EXPECT_THAT(FindRegularGraph({.cohort_size = 10,
                                .corrupted_fraction = 0.3,
                                .dropout_fraction = 0.4}),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST(ParametersTest, AChosenGraphIsAcceptedAndAWeakerOneIsNot) {
  for (const std::uint32_t n : {30u, 200u, 1000u, 10000u}) {
    SCOPED_TRACE(n);
    GraphAssumptions assume = {.cohort_size = n,
                               .corrupted_fraction = 0.1,
                               .dropout_fraction = 0.1,
                               .security_bits = 80,
                               .correctness_bits = 30,
                               .min_survivors = n / 2};
    const auto chosen = ChooseGraph(assume);
    ASSERT_THAT(chosen, IsOk());
    if (n > 100) {
      EXPECT_LT(chosen->neighbours, n - 1);
    }
    EXPECT_THAT(CheckGraph(assume, *chosen), IsOk());
    GraphParams weak = *chosen;
    --weak.threshold;
    const auto denied = absl::StatusCode::kPermissionDenied;
    EXPECT_THAT(CheckGraph(assume, weak), StatusIs(denied));
    weak.threshold = weak.neighbours + 1;
    EXPECT_THAT(CheckGraph(assume, weak), StatusIs(denied));
    for (const std::uint32_t k : {0u, 1u, 2u, n - 3, n, n + 1, ~0u}) {
      if (k % 2 == 0 && k == n - 3) continue;
      EXPECT_THAT(CheckGraph(assume, {.neighbours = k, .threshold = k}),
                  StatusIs(denied))
          << k;
    }
    // Stricter assumptions of who checks.
    GraphAssumptions stricter = assume;
    stricter.corrupted_fraction = 0.2;
    EXPECT_THAT(CheckGraph(stricter, *chosen), StatusIs(denied));
  }
}

// With ten survivors of a thousand the server could cut any ring.
TEST(ParametersTest, FewSurvivorsNeedTheCompleteGraph) {
  GraphAssumptions assume = {.cohort_size = 1000,
                             .corrupted_fraction = 0.1,
                             .dropout_fraction = 0.1,
                             .min_survivors = 10};
  EXPECT_EQ(ChooseGraph(assume)->neighbours, 999u);
  assume.min_survivors = 700;
  EXPECT_EQ(ChooseGraph(assume)->neighbours, 96u);
}

TEST(ParametersTest, AssumptionsOutOfRangeAreRefused) {
  const GraphAssumptions good = {
      .cohort_size = 100, .corrupted_fraction = 0.1, .dropout_fraction = 0.1};
  ASSERT_THAT(FindRegularGraph(good), IsOk());
  for (const auto& spoil :
       {+[](GraphAssumptions& a) { a.cohort_size = 2; },
        +[](GraphAssumptions& a) { a.cohort_size = ~0u; },
        +[](GraphAssumptions& a) { a.corrupted_fraction = -0.1; },
        +[](GraphAssumptions& a) { a.dropout_fraction = 0.9; }}) {
    GraphAssumptions bad = good;
    spoil(bad);
    EXPECT_THAT(FindRegularGraph(bad),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

}  // namespace
}  // namespace sotto::secure_agg
