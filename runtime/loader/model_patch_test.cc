#include "runtime/loader/model_patch.h"

#include <cstring>

#include "gtest/gtest.h"
#include "runtime/loader/architectures.h"
#include "runtime/loader/model_file.h"
#include "runtime/loader/model_writer.h"
#include "tests/support/status_matchers.h"

namespace sotto::runtime {
namespace {

using ::testing::HasSubstr;

Model Small() {
  return MakeArchitecture({.name = "mlp", .height = 4, .width = 4}).value();
}

TEST(ModelPatchTest, OnlyTheNamedConstantChanges) {
  const Model model = Small();
  const Bytes file = WriteModel(model);
  const std::vector<std::int32_t> weights = model.WeightTensors();
  const std::vector<float> values(model.Floats(weights[1]).size(), 2.5f);
  Bytes bytes(values.size() * sizeof(float));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  const auto patched = ReplaceConstants(file, {{weights[1], bytes}});
  ASSERT_THAT(patched, IsOk());
  EXPECT_EQ(patched->size(), file.size());
  const Model back = ParseModel(*patched).value();
  EXPECT_EQ(ArchitectureBytes(back), ArchitectureBytes(model));
  for (const std::int32_t tensor : weights) {
    const auto want = tensor == weights[1] ? std::span<const float>(values)
                                           : model.Floats(tensor);
    EXPECT_TRUE(std::ranges::equal(back.Floats(tensor), want)) << tensor;
  }
  EXPECT_EQ(ReplaceConstants(file, {}).value(), file);
}

TEST(ModelPatchTest, MisfitsAreRefusedByTensor) {
  const Model model = Small();
  const Bytes file = WriteModel(model);
  const std::int32_t weight = model.WeightTensors()[0];
  const std::size_t size = model.Floats(weight).size_bytes();
  struct Case {
    std::int32_t tensor;
    std::size_t bytes;
    const char* message;
  };
  for (const Case& c :
       {Case{weight, size - 4, "bytes are given"}, Case{-1, size, "tensors"},
        Case{static_cast<std::int32_t>(model.tensors.size()), size, "tensors"},
        Case{model.inputs[0], size, "no constant"}}) {
    EXPECT_THAT(
        ReplaceConstants(file, {{c.tensor, Bytes(c.bytes)}}),
        StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(c.message)));
  }
  EXPECT_THAT(ReplaceConstants(Bytes(100), {}),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace sotto::runtime
