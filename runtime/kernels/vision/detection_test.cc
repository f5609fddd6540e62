// Non-maximum suppression and the post-processing of detections.

#include <cmath>
#include <vector>

#include "flatbuffers/flexbuffers.h"
#include "gtest/gtest.h"
#include "tests/support/kernel_runner.h"

namespace sotto::runtime {

extern const Kernel kDetectionPostProcessReference,
    kNonMaxSuppressionV4Reference, kNonMaxSuppressionV5Reference;

namespace {

// Six unit boxes in a row; 1 and 2 lie on 0, 4 on 3, 5 alone.
const std::vector<float> kBoxes = {
    0, 0,     1, 1,      // 0
    0, 0.1f,  1, 1.1f,   // 1: iou with 0 is 0.9 / 1.1
    1, 0.9f,  0, -0.1f,  // 2: corners the other way round
    0, 10,    1, 11,     // 3
    0, 10.1f, 1, 11.1f, 0, 100, 1, 101};
const std::vector<float> kScores = {0.9f, 0.75f, 0.6f, 0.95f, 0.5f, 0.3f};

struct Suppressed {
  std::vector<std::int32_t> indices;
  std::vector<float> scores;
  std::int32_t count = -1;
};

Suppressed Select(bool soft, std::int32_t max, float iou, float score,
                  float sigma, bool constant = true) {
  TestTensor boxes = TestTensor::Floats({2, {6, 4}}, kBoxes);
  TestTensor scores = TestTensor::Floats({1, {6}}, kScores);
  TestTensor most = TestTensor::Ints({}, {max}, constant);
  TestTensor iou_threshold = TestTensor::Floats({}, {iou});
  TestTensor score_threshold = TestTensor::Floats({}, {score});
  TestTensor spread = TestTensor::Floats({}, {sigma});
  TestTensor indices, kept, count;
  indices.tensor.type = count.tensor.type = ElementType::kInt32;
  std::vector<TestTensor*> inputs = {&boxes, &scores, &most, &iou_threshold,
                                     &score_threshold};
  std::vector<TestTensor*> outputs = {&indices, &count};
  if (soft) {
    inputs.push_back(&spread);
    outputs = {&indices, &kept, &count};
  }
  KernelRunner run(soft ? kNonMaxSuppressionV5Reference
                        : kNonMaxSuppressionV4Reference);
  if (run(inputs, outputs) != StatusCode::kOk) return {};
  return {indices.values<std::int32_t>(),
          soft ? kept.values<float>() : std::vector<float>(),
          count.values<std::int32_t>()[0]};
}

TEST(NonMaxSuppressionTest, OverlappingBoxesGiveWayToBetterOnes) {
  for (const bool constant : {false, true}) {
    const Suppressed result = Select(false, 6, 0.5f, 0.0f, 0, constant);
    EXPECT_EQ(result.count, 3);
    EXPECT_EQ(result.indices, (std::vector<std::int32_t>{3, 0, 5, 0, 0, 0}));
  }
  EXPECT_EQ(Select(false, 2, 0.5f, 0.0f, 0).indices,
            (std::vector<std::int32_t>{3, 0}));
  EXPECT_EQ(Select(false, 6, 0.5f, 0.3f, 0).count, 2);  // 0.3 is not above
  EXPECT_EQ(Select(false, 6, 0.99f, 0.0f, 0).count, 6);
  EXPECT_EQ(Select(false, 0, 0.5f, 0.0f, 0).count, 0);
  EXPECT_EQ(Select(false, -1, 0.5f, 0.0f, 0).count, -1);  // refused
  EXPECT_EQ(Select(false, -1, 0.5f, 0.0f, 0, false).count, -1);
}

TEST(NonMaxSuppressionTest, SoftSuppressionLowersScoresOnce) {
  const Suppressed hard = Select(true, 6, 0.5f, 0.0f, 0.0f);
  EXPECT_EQ(hard.count, 3);
  EXPECT_EQ(hard.scores, (std::vector<float>{0.95f, 0.9f, 0.3f, 0, 0, 0}));
  const float sigma = 0.5f;
  const Suppressed soft = Select(true, 6, 1.0f, 0.0f, sigma);
  EXPECT_EQ(soft.count, 6);
  const auto lowered = [&](double score, std::vector<double> ious) {
    for (const double iou : ious) score *= std::exp(-iou * iou / (2 * sigma));
    return score;
  };
  const double near = 0.9 / 1.1, far = 0.8 / 1.2;
  const double one = lowered(0.75, {near}), four = lowered(0.5, {near});
  const double two = lowered(0.6, {near, far});
  const std::vector<std::pair<std::int32_t, double>> expected = {
      {3, 0.95}, {0, 0.9}, {1, one}, {5, 0.3}, {4, four}, {2, two}};
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(soft.indices[i], expected[i].first) << i;
    EXPECT_NEAR(soft.scores[i], expected[i].second, 1e-5);
  }
  EXPECT_EQ(Select(true, 6, 0.5f, 0.0f, -1.0f).count, -1);
}

std::vector<std::uint8_t> PostOptions(int detections, bool regular,
                                      int classes_a_box = 1) {
  flexbuffers::Builder builder;
  builder.Map([&] {
    builder.Int("max_detections", detections);
    builder.Int("max_classes_per_detection", classes_a_box);
    builder.Int("detections_per_class", 2);
    builder.Bool("use_regular_nms", regular);
    builder.Float("nms_score_threshold", 0.2f);
    builder.Float("nms_iou_threshold", 0.5f);
    builder.Int("num_classes", 2);
    builder.Float("y_scale", 10.0f);
    builder.Float("x_scale", 10.0f);
    builder.Float("h_scale", 5.0f);
    builder.Float("w_scale", 5.0f);
  });
  builder.Finish();
  return builder.GetBuffer();
}

struct Detected {
  StatusCode code = StatusCode::kOk;
  std::vector<float> boxes, classes, scores;
  float count = -1;
};

Detected Detect(const std::vector<std::uint8_t>& custom, TestTensor encodings) {
  // Anchors in a row, half a unit high and wide; 1 nearly on 0.
  TestTensor anchors =
      TestTensor::Floats({2, {4, 4}}, {0.5f, 0.5f, 1, 1, 0.5f, 0.55f, 1, 1,
                                       0.5f, 10.5f, 1, 1, 0.5f, 100.5f, 1, 1});
  // Background, then two classes.
  TestTensor scores = TestTensor::Floats(
      {3, {1, 4, 3}},
      {0.9f, 0.6f, 0.3f, 0.9f, 0.5f, 0.7f, 0, 0.8f, 0.1f, 0, 0.1f, 0.15f});
  TestTensor out[4];
  Options options;
  options.custom = custom;
  KernelRunner run(kDetectionPostProcessReference);
  Detected result;
  result.code = run({&encodings, &scores, &anchors},
                    {&out[0], &out[1], &out[2], &out[3]}, options);
  if (result.code != StatusCode::kOk) return result;
  result.boxes = out[0].values<float>();
  result.classes = out[1].values<float>();
  result.scores = out[2].values<float>();
  result.count = out[3].values<float>()[0];
  return result;
}

std::vector<float> Encodings() {
  std::vector<float> values(16);
  values[8] = 5.0f;                    // box 2: half a height down
  values[11] = 5.0f * std::log(2.0f);  // and twice as wide
  return values;
}

TEST(DetectionPostProcessTest, FastTakesTheBestClassOfEachBox) {
  const Detected d = Detect(PostOptions(3, false),
                            TestTensor::Floats({3, {1, 4, 4}}, Encodings()));
  ASSERT_EQ(d.code, StatusCode::kOk);
  EXPECT_EQ(d.count, 2.0f);
  EXPECT_EQ(d.classes, (std::vector<float>{0, 1, 0}));
  EXPECT_EQ(d.scores, (std::vector<float>{0.8f, 0.7f, 0}));
  const std::vector<float> expected = {0.5f, 9.5f,  1.5f, 11.5f, 0, 0.05f,
                                       1,    1.05f, 0,    0,     0, 0};
  for (std::size_t i = 0; i < 12; ++i) {
    EXPECT_NEAR(d.boxes[i], expected[i], 1e-5) << i;
  }
}

TEST(DetectionPostProcessTest, RegularSuppressesEachClassByItself) {
  const Detected d = Detect(PostOptions(4, true),
                            TestTensor::Floats({3, {1, 4, 4}}, Encodings()));
  ASSERT_EQ(d.code, StatusCode::kOk);
  EXPECT_EQ(d.count, 3.0f);
  EXPECT_EQ(d.classes, (std::vector<float>{0, 1, 0, 0}));
  EXPECT_EQ(d.scores, (std::vector<float>{0.8f, 0.7f, 0.6f, 0}));
}

TEST(DetectionPostProcessTest, BytesAreDequantised) {
  std::vector<std::uint8_t> bytes(16, 128);
  bytes[8] = 128 + 50;
  TestTensor encodings =
      TestTensor::Of<std::uint8_t>(ElementType::kUint8, {3, {1, 4, 4}}, bytes);
  encodings.Quantize({0.1f}, 128);
  const Detected d = Detect(PostOptions(1, false), encodings);
  ASSERT_EQ(d.code, StatusCode::kOk);
  EXPECT_NEAR(d.boxes[0], 0.5f, 1e-5);
  encodings.tensor.quantization = {};
  EXPECT_EQ(Detect(PostOptions(1, false), encodings).code,
            StatusCode::kUnimplemented);
}

TEST(DetectionPostProcessTest, MissingOptionsAndSeveralClassesABoxAreRefused) {
  const TestTensor encodings = TestTensor::Floats({3, {1, 4, 4}}, Encodings());
  EXPECT_EQ(Detect({}, encodings).code, StatusCode::kInvalidArgument);
  EXPECT_EQ(Detect(PostOptions(0, false), encodings).code,
            StatusCode::kInvalidArgument);
  EXPECT_EQ(Detect(PostOptions(3, false, 2), encodings).code,
            StatusCode::kUnimplemented);
  EXPECT_EQ(Detect(PostOptions(3, false),
                   TestTensor::Floats({3, {1, 2, 8}}, Encodings()))
                .code,
            StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sotto::runtime
