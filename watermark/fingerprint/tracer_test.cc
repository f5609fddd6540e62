#include "watermark/fingerprint/tracer.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "tests/support/sanitizer.h"
#include "tests/support/status_matchers.h"
#include "watermark/attack/attacks.h"
#include "watermark/fingerprint/packager.h"
#include "watermark/test_models.h"

namespace sotto::watermark {
namespace {

using ::testing::HasSubstr;

std::vector<std::string> Devices(int count) {
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) {
    names.push_back("device-" + std::to_string(i));
  }
  return names;
}

class TracerTest : public ::testing::Test {
 protected:
  runtime::Model CopyOf(const std::string& recipient) {
    return Parsed(PackageFor(file_, key_, "2", recipient).value());
  }
  std::vector<std::string> Accused(const runtime::Model& suspect,
                                   const std::string& release = "2") {
    const auto result = Trace(
        master_, suspect, key_,
        {.release = release, .recipients = Devices(24), .epsilon = 2.5e-10});
    EXPECT_THAT(result, IsOk());
    std::vector<std::string> names;
    for (const TraceScore& score : result->accused) {
      names.push_back(score.recipient);
    }
    return names;
  }

  const OwnerKey key_ = KeyFor(1);
  const runtime::Model master_ = Trained(Cnn(1), 3);
  const Bytes file_ = runtime::WriteModel(master_);
};

TEST_F(TracerTest, ACopyIsTheRecipientsOwnAndAsAccurate) {
  const double before = Accuracy(master_);
  const runtime::Model one = CopyOf("device-3"), two = CopyOf("device-4");
  EXPECT_NE(runtime::FlatWeights(one), runtime::FlatWeights(two));
  EXPECT_EQ(runtime::FlatWeights(one),
            runtime::FlatWeights(CopyOf("device-3")));
  EXPECT_NEAR(Accuracy(one), before, 0.005);
  EXPECT_NEAR(Accuracy(two), before, 0.005);
}

TEST_F(TracerTest, NamesTheRightOneOfTwentyFourAndNobodyElse) {
  SOTTO_SKIP_STATISTICS();
  for (const std::string leaker : {"device-0", "device-7", "device-23"}) {
    const runtime::Model copy = CopyOf(leaker);
    const runtime::Model pruned = Prune(copy, 0.5).value();
    const runtime::Model moved =
        ScaleUnits(PermuteUnits(copy, 5).value(), 0.5, 6).value();
    const std::vector<std::pair<std::string, runtime::Model>> suspects = {
        {"untouched", copy},
        {"pruned", pruned},
        {"quantised", Parsed(Quantise(copy, 8).value())},
        {"pruned, then quantised", Parsed(Quantise(pruned, 8).value())},
        {"permuted and rescaled", moved},
        {"permuted, rescaled, quantised", Parsed(Quantise(moved, 8).value())},
        {"noise", AddNoise(copy, 0.05, 7).value()},
    };
    for (const auto& [name, suspect] : suspects) {
      EXPECT_THAT(Accused(suspect), ::testing::ElementsAre(leaker)) << name;
    }
  }
}

TEST_F(TracerTest, NamesNobodyForModelsThatAreNoCopies) {
  SOTTO_SKIP_STATISTICS();
  EXPECT_THAT(Accused(master_), ::testing::IsEmpty());
  EXPECT_THAT(Accused(Trained(master_, 2)), ::testing::IsEmpty());
  EXPECT_THAT(Accused(Trained(Cnn(2), 2)), ::testing::IsEmpty());
  EXPECT_THAT(Accused(Parsed(Quantise(Prune(master_, 0.5).value(), 8).value())),
              ::testing::IsEmpty());
}

TEST_F(TracerTest, NamesNobodyUnderAnotherReleaseOrKey) {
  const runtime::Model copy = CopyOf("device-3");
  EXPECT_THAT(Accused(copy, "3"), ::testing::IsEmpty());
  const auto other = Trace(master_, copy, KeyFor(2),
                           {.release = "2", .recipients = Devices(24)});
  ASSERT_THAT(other, IsOk());
  EXPECT_THAT(other->accused, ::testing::IsEmpty());
}

TEST_F(TracerTest, NamesColludersWhoAveragedTheirCopiesAndNobodyElse) {
  SOTTO_SKIP_STATISTICS();
  const std::vector<std::string> all = {"device-3", "device-9", "device-20"};
  for (const std::size_t count : {std::size_t{2}, std::size_t{3}}) {
    const std::vector<std::string> guilty(
        all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count));
    std::vector<float> mean(runtime::FlatWeights(master_).size());
    for (const std::string& name : guilty) {
      const std::vector<float> copy = runtime::FlatWeights(CopyOf(name));
      for (std::size_t i = 0; i < mean.size(); ++i) {
        mean[i] += copy[i] / static_cast<float>(count);
      }
    }
    runtime::Model mixed = master_;
    ASSERT_THAT(runtime::SetFlatWeights(mixed, mean), IsOk());
    EXPECT_THAT(Accused(mixed), ::testing::UnorderedElementsAreArray(guilty));
    const std::vector<std::string> hidden =
        Accused(Parsed(Quantise(Prune(mixed, 0.5).value(), 8).value()));
    EXPECT_THAT(hidden, ::testing::UnorderedElementsAreArray(guilty));
  }
}

// Ten thousand innocents against a copy of somebody else.
TEST_F(TracerTest, ScoresOfTheInnocentAreStandardNormal) {
  SOTTO_SKIP_STATISTICS();
  auto names = Devices(10'000);
  const auto result =
      Trace(master_, CopyOf("the leaker"), key_,
            {.release = "2", .recipients = names, .epsilon = 2.5e-10});
  ASSERT_THAT(result, IsOk());
  EXPECT_THAT(result->accused, ::testing::IsEmpty());
  double sum = 0, squares = 0;
  for (const TraceScore& score : result->scores) {
    sum += score.score;
    squares += score.score * score.score;
  }
  EXPECT_NEAR(sum / 1e4, 0, 0.04);
  EXPECT_NEAR(squares / 1e4, 1, 0.06);
  EXPECT_LT(result->scores.front().score, result->threshold);
  EXPECT_EQ(result->hypotheses, 20'000u);
}

TEST_F(TracerTest, RefusesWhatItCannotJudge) {
  const auto trace = [&](const TraceParams& params) {
    return Trace(master_, master_, key_, params);
  };
  EXPECT_THAT(
      trace({.release = "2", .recipients = {}}),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no recipient")));
  EXPECT_THAT(trace({.release = "2", .recipients = {"a", "b", "a"}}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("'a' is listed twice")));
  EXPECT_THAT(
      trace({.release = "2", .recipients = {"a"}, .epsilon = 0}),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("epsilon")));
  const auto mlp = runtime::MakeArchitecture({.name = "mlp"}).value();
  EXPECT_THAT(
      Trace(master_, mlp, key_, {.release = "2", .recipients = {"a"}}),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("architecture")));
}

}  // namespace
}  // namespace sotto::watermark
