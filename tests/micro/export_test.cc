#include "runtime/micro/export/export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/micro/small_model.h"

namespace sotto::runtime {
namespace {

using testing::HasSubstr;
using testing::UnorderedElementsAre;

TEST(MicroExport, NamesTheKernelsOfTheModelAndNoOthers) {
  const auto out = ExportMicroModel(SmallModel::Write(), "small");
  ASSERT_TRUE(out.ok()) << out.status();
  EXPECT_THAT(out->kernels,
              UnorderedElementsAre(
                  "kConv2DS8Reference", "kDepthwiseConv2DS8Reference",
                  "kAddQuantized", "kAveragePool2DS8Reference", "kReshape",
                  "kFullyConnectedS8Reference", "kSoftmaxS8Reference"));
  EXPECT_THAT(
      out->header,
      HasSubstr("kArenaBytes = " + std::to_string(out->arena_bytes) + ";"));
  EXPECT_THAT(out->source, HasSubstr("OpCode::kAdd, "));
}

TEST(MicroExport, ListsTheOperatorsThatTheMicroProfileLacks) {
  GraphBuilder g;
  const auto x = g.Input(ElementType::kComplex64, {1, {4}});
  const auto y = g.Op(OpCode::kComplexAbs, {x}, ElementType::kFloat32);
  g.tensor(y).shape = {1, {4}};
  const auto z = g.Op(OpCode::kCos, {y}, ElementType::kFloat32);
  g.tensor(z).shape = {1, {4}};
  const auto out =
      ExportMicroModel(WriteModel(std::move(g).Finish({z})), "model");
  EXPECT_EQ(out.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(out.status().message()), HasSubstr("COMPLEX_ABS"));
  EXPECT_THAT(std::string(out.status().message()),
              testing::Not(HasSubstr("COS")));
}

TEST(MicroExport, NamesTheOperatorWhoseTypesAreNotSupported) {
  GraphBuilder g;
  const auto x = g.Input(ElementType::kFloat64, {1, {4}});
  const auto y = g.Op(OpCode::kCos, {x}, ElementType::kFloat64);
  g.tensor(y).shape = {1, {4}};
  const auto out =
      ExportMicroModel(WriteModel(std::move(g).Finish({y})), "model");
  EXPECT_EQ(out.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(out.status().message()), HasSubstr("operator 0 COS"));
}

TEST(MicroExport, RefusesWhatIsNoModelAndNamesThatAreNoIdentifiers) {
  const Bytes file = SmallModel::Write();
  EXPECT_EQ(ExportMicroModel(ByteView(file).first(40), "model").status().code(),
            absl::StatusCode::kInvalidArgument);
  for (const char* name : {"", "4a", "a-b", "a;b"}) {
    EXPECT_EQ(ExportMicroModel(file, name).status().code(),
              absl::StatusCode::kInvalidArgument)
        << name;
  }
}

}  // namespace
}  // namespace sotto::runtime
