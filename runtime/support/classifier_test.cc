#include "runtime/support/classifier.h"

#include <gtest/gtest.h>

#include <cstring>

#include "base/file.h"
#include "runtime/loader/model_file.h"
#include "runtime/support/model_metadata.h"
#include "tests/support/shared_data.h"

namespace sotto::runtime {
namespace {

// Scores are the sums of each colour over an image of 2 x 2.
Model ColourModel() {
  Model model;
  model.tensors.resize(4);
  model.tensors[0].shape = {.rank = 4, .dims = {1, 2, 2, 3}};
  model.tensors[1].shape = {.rank = 2, .dims = {3, 12}};
  model.tensors[2].shape = {.rank = 1, .dims = {3}};
  model.tensors[3].shape = {.rank = 2, .dims = {1, 3}};
  std::vector<float> weights(36), bias(3);
  for (std::size_t class_index = 0; class_index < 3; ++class_index) {
    for (std::size_t pixel = 0; pixel < 4; ++pixel) {
      weights[class_index * 12 + pixel * 3 + class_index] = 1.0f;
    }
  }
  const auto keep = [&](const std::vector<float>& values) {
    Bytes bytes(values.size() * sizeof(float));
    std::memcpy(bytes.data(), values.data(), bytes.size());
    return model.Keep(std::move(bytes));
  };
  model.tensors[1].data = keep(weights);
  model.tensors[2].data = keep(bias);
  model.ops.push_back({.code = OpCode::kFullyConnected,
                       .version = 1,
                       .inputs = {0, 1, 2},
                       .outputs = {3},
                       .options = {}});
  model.inputs = {0};
  model.outputs = {3};
  return model;
}

Image Green() {
  Image image{.width = 4, .height = 2, .rgb = {}};
  for (int i = 0; i < 8; ++i) {
    image.rgb.insert(image.rgb.end(), {51, 255, 0});
  }
  return image;
}

TEST(ClassifierTest, OrdersLabelsByTheirScores) {
  const Model model = ColourModel();
  auto classifier = Classifier::Create(model, {},
                                       {.mean = {0.0f},
                                        .stddev = {255.0f},
                                        .labels = {"red", "green", "blue"},
                                        .score_threshold = 0.5f});
  ASSERT_TRUE(classifier.ok()) << classifier.status();
  const auto found = classifier->Classify(Green());
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_EQ(found->size(), 2u);  // blue is below the threshold
  EXPECT_EQ((*found)[0].label, "green");
  EXPECT_NEAR((*found)[0].score, 4.0f, 1e-5f);
  EXPECT_EQ((*found)[1].label, "red");
  EXPECT_NEAR((*found)[1].score, 0.8f, 1e-5f);
}

TEST(ClassifierTest, ListsMayDifferByTheBackgroundClass) {
  const Model model = ColourModel();
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"red", "green", "blue"}, "green"},
      {{"background", "red", "green", "blue"}, "green"},
      {{"green", "blue"}, "green"},
      {{}, "class 1"}};
  for (const auto& [labels, want] : cases) {
    auto classifier = Classifier::Create(model, {}, {.labels = labels});
    ASSERT_TRUE(classifier.ok()) << classifier.status();
    const auto found = classifier->Classify(Green());
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_EQ((*found)[0].label, want);
  }
  EXPECT_EQ(Classifier::Create(model, {}, {.labels = {"one"}}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(ClassifierTest, RefusesWhatIsNoImageAndNoNormalisation) {
  const Model model = ColourModel();
  Model other = model;
  other.tensors[0].shape = {.rank = 2, .dims = {1, 12}};
  EXPECT_EQ(Classifier::Create(other, {}, {}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Classifier::Create(model, {}, {.mean = {0.0f}, .stddev = {0.0f}})
                .status()
                .code(),
            absl::StatusCode::kInvalidArgument);
  auto classifier = Classifier::Create(model, {}, {});
  ASSERT_TRUE(classifier.ok()) << classifier.status();
  EXPECT_EQ(classifier->Classify({}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(ClassifierTest, MobileNetsNameTheCatAndTheBird) {
  SOTTO_SHARED_DATA_OR_SKIP(data, "");
  const auto text = ReadFile(data + "/images/imagenet_labels.txt");
  ASSERT_TRUE(text.ok());
  const auto model =
      LoadModel(data + "/models/mobilenet_v2_100_224_int8.tflite",
                {.fold_weights_to_f32 = false});
  ASSERT_TRUE(model.ok()) << model.status();
  auto classifier =
      Classifier::Create(*model, {}, {.labels = SplitLines(*text)});
  ASSERT_TRUE(classifier.ok()) << classifier.status();
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"cat", "cat"}, {"bird", "chickadee"}};
  for (const auto& [name, want] : cases) {
    const auto bytes = ReadFile(data + "/images/" + name + ".bmp");
    ASSERT_TRUE(bytes.ok());
    const auto image = DecodeImage(*bytes);
    ASSERT_TRUE(image.ok()) << image.status();
    const auto found = classifier->Classify(*image);
    ASSERT_TRUE(found.ok()) << found.status();
    ASSERT_FALSE(found->empty());
    EXPECT_NE((*found)[0].label.find(want), std::string::npos)
        << name << ": " << (*found)[0].label;
  }
}

}  // namespace
}  // namespace sotto::runtime
