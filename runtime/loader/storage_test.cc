// Where constants come from and where they lie.

#include <functional>

#include "base/file.h"
#include "gtest/gtest.h"
#include "runtime/loader/architectures.h"
#include "runtime/loader/mapped_file.h"
#include "runtime/loader/model_file.h"
#include "runtime/loader/model_writer.h"
#include "runtime/loader/raw_model.h"
#include "tests/support/status_matchers.h"

namespace sotto::runtime {
namespace {

using ::testing::HasSubstr;

constexpr LoadOptions kAsStored = {.fold_weights_to_f32 = false};

Model Small() {
  return MakeArchitecture({.name = "mlp", .height = 4, .width = 4}).value();
}

bool Inside(ByteView part, ByteView whole) {
  return std::less_equal<>()(whole.data(), part.data()) &&
         std::less_equal<>()(part.data() + part.size(),
                             whole.data() + whole.size());
}

TEST(StorageTest, WeightsAreUsedWhereTheCallerKeepsThem) {
  const auto owner = std::make_shared<const Bytes>(WriteModel(Small()));
  const std::weak_ptr<const Bytes> watch = owner;
  absl::StatusOr<Model> model = ParseModel(owner, *owner, kAsStored);
  ASSERT_THAT(model, IsOk());
  for (const TensorInfo& tensor : model->tensors) {
    EXPECT_TRUE(!tensor.is_constant() || Inside(tensor.data, *owner));
  }
  EXPECT_EQ(FlatWeights(*model), FlatWeights(Small()));
  EXPECT_EQ(watch.use_count(), 2);
  model = absl::CancelledError();
  EXPECT_EQ(watch.use_count(), 1);
}

TEST(StorageTest, BytesAtAnOddAddressAreRefused) {
  Bytes padded(1);
  const Bytes file = WriteModel(Small());
  padded.insert(padded.end(), file.begin(), file.end());
  EXPECT_THAT(
      ParseModel(nullptr, ByteView(padded).subspan(1), kAsStored),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("multiple of 8")));
}

TEST(StorageTest, MappedFilesAreReadInPlaceAndOutliveTheirName) {
  const std::string folder = ::testing::TempDir();
  const std::string path = folder + "/storage_test.tflite";
  ASSERT_THAT(WriteFileAtomically(path, WriteModel(Small())), IsOk());
  const absl::StatusOr<Model> model = LoadModel(path, kAsStored);
  ASSERT_THAT(model, IsOk());
  EXPECT_EQ(model->storage.size(), 1u);  // nothing was copied
  EXPECT_EQ(model->file_bytes, FileSize(path).value());
  ASSERT_THAT(WriteFileAtomically(path, Bytes(10)), IsOk());
  ASSERT_THAT(RemoveFile(path), IsOk());
  EXPECT_EQ(FlatWeights(*model), FlatWeights(Small()));
}

TEST(StorageTest, EmptyFilesAndFoldersAreRefusedByName) {
  const std::string folder = ::testing::TempDir();
  const std::string path = folder + "/empty.tflite";
  ASSERT_THAT(WriteFileAtomically(path, Bytes()), IsOk());
  EXPECT_THAT(LoadModel(path), StatusIs(absl::StatusCode::kInvalidArgument,
                                        HasSubstr("empty.tflite")));
  EXPECT_FALSE(LoadModel(folder).ok());
  EXPECT_THAT(MapFile(folder), StatusIs(absl::StatusCode::kFailedPrecondition));
}

absl::StatusOr<Bytes> DataOf(const RawModel& raw) {
  const absl::StatusOr<Model> model = ParseModel(WriteRaw(raw), kAsStored);
  if (!model.ok()) return model.status();
  EXPECT_TRUE(model->ops.empty());
  const TensorInfo& y = model->tensors[1];
  EXPECT_EQ(
      reinterpret_cast<std::uintptr_t>(y.data.data()) % ElementBytes(y.type),
      0u);
  return Bytes(y.data.begin(), y.data.end());
}

TEST(StorageTest, FourBitConstantsAreWidenedLowHalfFirst) {
  EXPECT_EQ(DataOf({.type = ElementType::kInt4,
                    .shape = {3},
                    .data = {0x87, 0xf1},
                    .densified = ElementType::kInt8})
                .value(),
            (Bytes{7, 0xf8, 1}));
  EXPECT_THAT(DataOf({.type = ElementType::kInt4,
                      .shape = {3},
                      .data = {0x87},
                      .densified = ElementType::kInt8}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("1 bytes, its shape needs 2")));
}

TEST(StorageTest, DataMayLieBehindTheFlatBufferAndAtAnyAddress) {
  Bytes data(24);
  for (std::size_t i = 0; i < data.size(); ++i) {
    data[i] = static_cast<std::uint8_t>(i);
  }
  for (std::ptrdiff_t gap = 0; gap < 9; ++gap) {
    RawModel raw = {.type = ElementType::kInt64, .shape = {3}, .data = data};
    raw.gap = gap;
    EXPECT_EQ(DataOf(raw).value(), data) << gap;
    Bytes cut = WriteRaw(raw);
    cut.pop_back();
    EXPECT_THAT(ParseModel(cut), StatusIs(absl::StatusCode::kInvalidArgument,
                                          HasSubstr("outside the file")));
  }
}

TEST(StorageTest, ConstantsWithoutElementsNeedNoBytes) {
  RawModel raw = {.type = ElementType::kInt32, .shape = {2, 0}};
  const Model model = ParseModel(WriteRaw(raw), kAsStored).value();
  EXPECT_TRUE(model.tensors[0].is_constant());
  EXPECT_TRUE(model.tensors[1].is_constant());
  EXPECT_TRUE(model.tensors[1].data.empty());
  raw.shape = {2, 1};
  EXPECT_THAT(ParseModel(WriteRaw(raw)),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("before it is written")));
}

// Tensors may share one table: each copy counts.
TEST(StorageTest, ASmallFileCannotAskForMuch) {
  flatbuffers::FlatBufferBuilder b;
  const std::vector<std::int32_t> shape = {100000}, none;
  const std::vector<float> scales(100000, 1.0f);
  const auto quantization =
      tflite::CreateQuantizationParametersDirect(b, nullptr, nullptr, &scales);
  const auto tensor = tflite::CreateTensorDirect(
      b, &shape, tflite::TensorType::INT32, 0, "x", quantization);
  const std::vector<flatbuffers::Offset<tflite::Tensor>> tensors(60000, tensor);
  const std::vector<flatbuffers::Offset<tflite::SubGraph>> graphs = {
      tflite::CreateSubGraphDirect(b, &tensors, &none, &none)};
  const std::vector<flatbuffers::Offset<tflite::Buffer>> buffers = {
      tflite::CreateBuffer(b)};
  b.Finish(tflite::CreateModelDirect(b, 3, nullptr, &graphs, "", &buffers),
           tflite::ModelIdentifier());
  const Bytes file(b.GetBufferPointer(), b.GetBufferPointer() + b.GetSize());
  EXPECT_THAT(ParseModel(file), StatusIs(absl::StatusCode::kInvalidArgument,
                                         HasSubstr("expand to more than")));
}

}  // namespace
}  // namespace sotto::runtime
