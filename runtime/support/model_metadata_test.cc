#include "runtime/support/model_metadata.h"

#include <gtest/gtest.h>

#include <cmath>

#include "proto/model/metadata_generated.h"
#include "runtime/support/zip_writer.h"

namespace sotto::runtime {
namespace {

namespace format = ::sotto::tflite_metadata;

Bytes WriteMetadata(const std::vector<float>& mean,
                    const std::vector<float>& stddev) {
  flatbuffers::FlatBufferBuilder b;
  const std::vector<flatbuffers::Offset<format::ProcessUnit>> units = {
      format::CreateProcessUnit(
          b, format::ProcessUnitOptions::NormalizationOptions,
          format::CreateNormalizationOptionsDirect(b, &mean, &stddev).Union())};
  const std::vector<flatbuffers::Offset<format::ProcessUnit>> score_units = {
      format::CreateProcessUnit(
          b, format::ProcessUnitOptions::ScoreThresholdingOptions,
          format::CreateScoreThresholdingOptions(b, 0.25f).Union())};
  const std::vector<flatbuffers::Offset<format::AssociatedFile>> files = {
      format::CreateAssociatedFileDirect(
          b, "labels.txt", "", format::AssociatedFileType::TENSOR_AXIS_LABELS)};
  const std::vector<flatbuffers::Offset<format::TensorMetadata>> inputs = {
      format::CreateTensorMetadataDirect(b, "image", "", nullptr, 0, &units)};
  const std::vector<flatbuffers::Offset<format::TensorMetadata>> outputs = {
      format::CreateTensorMetadataDirect(b, "scores", "", nullptr, 0,
                                         &score_units, 0, &files)};
  const std::vector<flatbuffers::Offset<format::SubGraphMetadata>> graphs = {
      format::CreateSubGraphMetadataDirect(b, "", "", &inputs, &outputs)};
  format::FinishModelMetadataBuffer(
      b, format::CreateModelMetadataDirect(b, "net", "", "1", &graphs));
  return {b.GetBufferPointer(), b.GetBufferPointer() + b.GetSize()};
}

TEST(ModelMetadataTest, ReadsNormalisationThresholdAndLabelFiles) {
  const auto metadata = ParseMetadata(WriteMetadata({127.5f}, {2.0f}));
  ASSERT_TRUE(metadata.ok()) << metadata.status();
  EXPECT_EQ(metadata->name, "net");
  ASSERT_EQ(metadata->inputs.size(), 1u);
  EXPECT_EQ(metadata->inputs[0].mean, std::vector<float>{127.5f});
  EXPECT_EQ(metadata->inputs[0].stddev, std::vector<float>{2.0f});
  ASSERT_EQ(metadata->outputs.size(), 1u);
  EXPECT_EQ(metadata->outputs[0].score_threshold, 0.25f);
  const Bytes file =
      WriteZip({{"labels.txt", ToBytes("cat\r\nbird\n"), true}}, 64);
  const auto labels = ReadLabels(file, metadata->outputs[0]);
  ASSERT_TRUE(labels.ok()) << labels.status();
  EXPECT_EQ(*labels, (std::vector<std::string>{"cat", "bird"}));
}

TEST(ModelMetadataTest, NumbersThatCannotNormaliseAreRefused) {
  const std::vector<std::pair<std::vector<float>, std::vector<float>>> cases = {
      {{0.0f}, {0.0f}}, {{NAN}, {1.0f}}, {{0.0f, 1.0f}, {1.0f}}, {{}, {}}};
  for (const auto& [mean, stddev] : cases) {
    EXPECT_EQ(ParseMetadata(WriteMetadata(mean, stddev)).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST(ModelMetadataTest, ALabelFileThatTheArchiveLacksIsNamed) {
  TensorMetadata tensor;
  tensor.label_files = {"labels.txt"};
  const Bytes file = WriteZip({{"other.txt", ToBytes("cat"), false}}, 0);
  const auto status = ReadLabels(file, tensor).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_NE(status.message().find("labels.txt"), absl::string_view::npos);
}

TEST(ModelMetadataTest, NoDamagedByteAndNoCutReadsOutside) {
  const Bytes good = WriteMetadata({1.0f, 2.0f, 3.0f}, {1.0f, 1.0f, 1.0f});
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const std::uint8_t value : {0x00, 0x7f, 0xff}) {
      Bytes bad = good;
      bad[i] = value;
      (void)ParseMetadata(bad);
    }
    const Bytes cut(good.begin(), good.begin() + static_cast<long>(i));
    if (i < 8) {
      EXPECT_FALSE(ParseMetadata(cut).ok());
    } else {
      (void)ParseMetadata(cut);
    }
  }
}

}  // namespace
}  // namespace sotto::runtime
