#include "runtime/loader/sparse_constant.h"

#include <functional>

#include "gtest/gtest.h"
#include "runtime/loader/model_file.h"
#include "runtime/loader/raw_model.h"
#include "tests/support/status_matchers.h"

namespace sotto::runtime {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using ::testing::HasSubstr;
using tflite::SparseIndexVector;

struct Level {
  std::int32_t dense_size = -1;  // negative: compressed
  std::vector<std::int32_t> segments = {}, indices = {};
};

struct Sparse {
  std::vector<std::int32_t> shape, order, blocks;
  std::vector<Level> levels;
  Bytes values;
  SparseIndexVector width = SparseIndexVector::Int32Vector;
};

Offset<void> WriteIndices(FlatBufferBuilder& b, SparseIndexVector width,
                          const std::vector<std::int32_t>& in) {
  if (width == SparseIndexVector::Uint8Vector) {
    const std::vector<std::uint8_t> v(in.begin(), in.end());
    return tflite::CreateUint8VectorDirect(b, &v).Union();
  }
  if (width == SparseIndexVector::Uint16Vector) {
    const std::vector<std::uint16_t> v(in.begin(), in.end());
    return tflite::CreateUint16VectorDirect(b, &v).Union();
  }
  return tflite::CreateInt32VectorDirect(b, &in).Union();
}

absl::StatusOr<Model> Load(const Sparse& s) {
  const auto sparsity = [&](FlatBufferBuilder& b) {
    std::vector<Offset<tflite::DimensionMetadata>> levels;
    for (const Level& level : s.levels) {
      if (level.dense_size >= 0) {
        levels.push_back(tflite::CreateDimensionMetadata(
            b, tflite::DimensionType::DENSE, level.dense_size));
        continue;
      }
      const auto segments = WriteIndices(b, s.width, level.segments);
      const auto indices = WriteIndices(b, s.width, level.indices);
      levels.push_back(tflite::CreateDimensionMetadata(
          b, tflite::DimensionType::SPARSE_CSR, 0, s.width, segments, s.width,
          indices));
    }
    return tflite::CreateSparsityParametersDirect(
        b, &s.order, s.blocks.empty() ? nullptr : &s.blocks, &levels);
  };
  return ParseModel(WriteRaw({.type = ElementType::kInt8,
                              .shape = s.shape,
                              .data = s.values,
                              .sparsity = sparsity}));
}

std::vector<int> DenseOf(const Sparse& s) {
  const absl::StatusOr<Model> model = Load(s);
  EXPECT_THAT(model, IsOk());
  if (!model.ok()) return {};
  EXPECT_TRUE(model->ops.empty());  // DENSIFY is gone
  std::vector<int> out;
  for (const std::uint8_t v : model->tensors[1].data) out.push_back(v);
  return out;
}

// Rows compressed: [[1, 0, 0, 2], [0, 0, 0, 0], [0, 3, 4, 0]].
Sparse Rows() {
  return {.shape = {3, 4},
          .order = {0, 1},
          .blocks = {},
          .levels = {{.dense_size = 3},
                     {.segments = {0, 2, 2, 4}, .indices = {0, 3, 1, 2}}},
          .values = {1, 2, 3, 4}};
}

// Blocks of 2x2 in a 4x4 tensor, compressed along the second dimension.
Sparse Blocks() {
  return {.shape = {4, 4},
          .order = {0, 1, 2, 3},
          .blocks = {0, 1},
          .levels = {{.dense_size = 2},
                     {.segments = {0, 2, 3}, .indices = {0, 1, 1}},
                     {.dense_size = 2},
                     {.dense_size = 2}},
          .values = {1, 0, 0, 4, 2, 3, 0, 0, 5, 0, 0, 6}};
}

TEST(SparseConstantTest, CompressedRowsOfEveryIndexWidth) {
  for (const auto width :
       {SparseIndexVector::Int32Vector, SparseIndexVector::Uint16Vector,
        SparseIndexVector::Uint8Vector}) {
    Sparse s = Rows();
    s.width = width;
    EXPECT_EQ(DenseOf(s),
              (std::vector<int>{1, 0, 0, 2, 0, 0, 0, 0, 0, 3, 4, 0}));
  }
}

TEST(SparseConstantTest, ColumnsMayBeWalkedFirst) {
  Sparse s = Rows();
  s.order = {1, 0};
  s.levels = {{.dense_size = 4},
              {.segments = {0, 1, 2, 3, 4}, .indices = {0, 2, 2, 0}}};
  s.values = {1, 3, 4, 2};
  EXPECT_EQ(DenseOf(s), (std::vector<int>{1, 0, 0, 2, 0, 0, 0, 0, 0, 3, 4, 0}));
}

TEST(SparseConstantTest, BlocksLieInsideTheirDimensions) {
  EXPECT_EQ(DenseOf(Blocks()),
            (std::vector<int>{1, 0, 2, 3, 0, 4, 0, 0, 0, 0, 5, 0, 0, 0, 0, 6}));
}

TEST(SparseConstantTest, CompressedLevelsMayNest) {
  EXPECT_EQ(DenseOf({.shape = {3, 2, 2},
                     .order = {0, 1, 2},
                     .blocks = {},
                     .levels = {{.segments = {0, 2}, .indices = {0, 2}},
                                {.dense_size = 2},
                                {.segments = {0, 1, 3, 4, 5},
                                 .indices = {0, 0, 1, 0, 1}}},
                     .values = {6, 9, 8, 5, 7}}),
            (std::vector<int>{6, 0, 9, 8, 0, 0, 0, 0, 5, 0, 0, 7}));
}

TEST(SparseConstantTest, EachContradictionIsRefused) {
  struct Case {
    const char* message;
    std::function<void(Sparse&)> spoil;
  };
  const Case cases[] = {
      {"no permutation",
       [](Sparse& s) {
         s.order = {0, 0, 2, 3};
       }},
      {"no permutation",
       [](Sparse& s) {
         s.order = {2, 1, 0, 3};
       }},
      {"no permutation",
       [](Sparse& s) {
         s.order = {0, 1, 2, -1};
       }},
      {"number of levels", [](Sparse& s) { s.order.pop_back(); }},
      {"number of levels", [](Sparse& s) { s.levels.pop_back(); }},
      {"number of levels",
       [](Sparse& s) {
         s.blocks = {0, 1, 1};
       }},
      {"block map",
       [](Sparse& s) {
         s.blocks = {1, 0};
       }},
      {"block map",
       [](Sparse& s) {
         s.blocks = {0, 2};
       }},
      {"does not divide", [](Sparse& s) { s.levels[2].dense_size = 3; }},
      {"does not divide", [](Sparse& s) { s.levels[3].dense_size = 0; }},
      {"another size", [](Sparse& s) { s.levels[0].dense_size = 4; }},
      {"another size", [](Sparse& s) { s.levels[0].dense_size = 1 << 30; }},
      {"do not cover",
       [](Sparse& s) {
         s.levels[1].segments = {0, 3};
       }},
      {"do not cover",
       [](Sparse& s) {
         s.levels[1].segments = {1, 2, 3};
       }},
      {"do not cover",
       [](Sparse& s) {
         s.levels[1].segments = {0, 2, 4};
       }},
      {"do not cover", [](Sparse& s) { s.levels[1].segments = {}; }},
      {"not ascending",
       [](Sparse& s) {
         s.levels[1].segments = {0, 4, 3};
       }},
      {"not ascending",
       [](Sparse& s) {
         s.levels[1].segments = {0, -1, 3};
       }},
      {"not ascending",
       [](Sparse& s) {
         s.levels[1].indices = {1, 0, 1};
       }},
      {"not ascending",
       [](Sparse& s) {
         s.levels[1].indices = {0, 0, 1};
       }},
      {"out of range",
       [](Sparse& s) {
         s.levels[1].indices = {0, 2, 1};
       }},
      {"out of range",
       [](Sparse& s) {
         s.levels[1].indices = {-1, 1, 1};
       }},
      {"number of values", [](Sparse& s) { s.values.pop_back(); }},
      {"number of values", [](Sparse& s) { s.values.push_back(1); }},
      {"without elements",
       [](Sparse& s) {
         s.shape = {1 << 29, 0};
       }},
      // A gigabyte of zeros out of a few bytes.
      {"expand to more than",
       [](Sparse& s) {
         s = {.shape = {1 << 15, 1 << 15},
              .order = {0, 1},
              .blocks = {},
              .levels = {{.segments = {0, 1}, .indices = {0}},
                         {.segments = {0, 1}, .indices = {0}}},
              .values = {1}};
       }},
  };
  for (const Case& c : cases) {
    Sparse s = Blocks();
    c.spoil(s);
    EXPECT_THAT(Load(s), StatusIs(absl::StatusCode::kInvalidArgument,
                                  HasSubstr(c.message)));
  }
}

}  // namespace
}  // namespace sotto::runtime
