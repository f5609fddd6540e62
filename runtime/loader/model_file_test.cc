#include "runtime/loader/model_file.h"

#include <cmath>
#include <functional>

#include "base/file.h"
#include "gtest/gtest.h"
#include "proto/model/tflite_generated.h"
#include "runtime/host/interpreter.h"
#include "runtime/loader/architectures.h"
#include "runtime/loader/model_writer.h"
#include "tests/support/shared_data.h"
#include "tests/support/status_matchers.h"

namespace sotto::runtime {
namespace {

using ::testing::HasSubstr;

Model Good() { return MakeArchitecture({.name = "cnn"}).value(); }

// Writes `model` and reads it back.
absl::Status Reparse(const Model& model) {
  return ParseModel(WriteModel(model)).status();
}

TEST(ModelFileTest, ReadsBackWhatWasWritten) {
  const Model model = Good();
  const Model back = ParseModel(WriteModel(model)).value();
  EXPECT_EQ(ArchitectureBytes(back), ArchitectureBytes(model));
  EXPECT_EQ(FlatWeights(back), FlatWeights(model));
  EXPECT_EQ(back.description, model.description);
}

// Makes the graph's input int8.
void Quantize(Model& model, Quantization quantization) {
  TensorInfo& input = model.tensors[static_cast<std::size_t>(model.inputs[0])];
  input.type = ElementType::kInt8;
  input.quantization = std::move(quantization);
}

TEST(ModelFileTest, EachDamagedObjectIsRefusedByName) {
  struct Case {
    std::string message;
    std::function<void(Model&)> spoil;
  };
  const std::vector<Case> cases = {
      {"outside", [](Model& m) { m.ops[0].inputs[0] = 999; }},
      {"outside", [](Model& m) { m.ops[0].outputs[0] = -1; }},
      {"before it is written", [](Model& m) { std::swap(m.ops[0], m.ops[1]); }},
      {"has a value already",
       [](Model& m) { m.ops[1].outputs = m.ops[0].outputs; }},
      {"never written", [](Model& m) { m.ops.pop_back(); }},
      {"is a constant", [](Model& m) { m.inputs[0] = m.ops[0].inputs[1]; }},
      {"bytes, its shape needs",
       [](Model& m) {
         m.tensors[static_cast<std::size_t>(m.ops[0].inputs[1])].shape.dims[0] =
             15;
       }},
      {"dimension", [](Model& m) { m.tensors[0].shape.dims[1] = -1; }},
      {"dimension", [](Model& m) { m.tensors[0].shape.dims[1] = 1 << 30; }},
      {"zero point -129 is outside [-128, 127]",
       [](Model& m) { Quantize(m, {.scale = {1.0f}, .zero_point = {-129}}); }},
      {"2 scales but 3 zero points",
       [](Model& m) {
         Quantize(m, {.scale = {1.0f, 1.0f}, .zero_point = {0, 0, 0}});
       }},
      {"scale is not finite",
       [](Model& m) { Quantize(m, {.scale = {0.0f}, .zero_point = {0}}); }},
      {"scale is not finite",
       [](Model& m) { Quantize(m, {.scale = {NAN}, .zero_point = {0}}); }},
      {"3 scales do not fit dimension 3",
       [](Model& m) {
         Quantize(m, {.scale = {1, 1, 1}, .zero_point = {0}, .dimension = 3});
       }},
      {"scales do not fit dimension 4",
       [](Model& m) {
         Quantize(m, {.scale = {1, 1, 1}, .zero_point = {}, .dimension = 4});
       }},
  };
  for (const Case& c : cases) {
    Model model = Good();
    c.spoil(model);
    EXPECT_THAT(Reparse(model), StatusIs(absl::StatusCode::kInvalidArgument,
                                         HasSubstr(c.message)));
  }
}

// Sets one scalar field of a table inside `bytes`; it must be present.
template <typename T>
void SetField(const void* table, flatbuffers::voffset_t field, T value) {
  auto* raw = static_cast<flatbuffers::Table*>(const_cast<void*>(table));
  ASSERT_TRUE(raw->SetField<T>(field, value, T{}));
}

// The type of the file's int32 tensors becomes `type`.
void SetIntegers(const tflite::Model& m, std::int8_t type) {
  for (const auto* tensor : *m.subgraphs()->Get(0)->tensors()) {
    if (tensor->type() != tflite::TensorType::INT32) continue;
    SetField<std::int8_t>(tensor, tflite::Tensor::VT_TYPE, type);
  }
}

TEST(ModelFileTest, EachDamagedFieldOfTheFileIsRefusedWithItsCode) {
  using absl::StatusCode;
  struct Case {
    StatusCode code;
    std::string message;
    std::function<void(const tflite::Model&)> spoil;
  };
  const auto graph = [](const tflite::Model& m) -> const tflite::SubGraph& {
    return *m.subgraphs()->Get(0);
  };
  const std::vector<Case> cases = {
      {StatusCode::kUnimplemented, "schema version is 2",
       [](const tflite::Model& m) {
         SetField<std::uint32_t>(&m, tflite::Model::VT_VERSION, 2);
       }},
      {StatusCode::kInvalidArgument, "buffer 999 does not exist",
       [&](const tflite::Model& m) {
         SetField<std::uint32_t>(graph(m).tensors()->Get(1),
                                 tflite::Tensor::VT_BUFFER, 999);
       }},
      {StatusCode::kUnimplemented, "operator 3 RESHAPE: tensor 9 is of strings",
       [&](const tflite::Model& m) { SetIntegers(m, 5); }},
      {StatusCode::kUnimplemented, "element type 11 COMPLEX128 has no kernel",
       [&](const tflite::Model& m) { SetIntegers(m, 11); }},
      {StatusCode::kInvalidArgument, "element type 99 is none of the format",
       [&](const tflite::Model& m) { SetIntegers(m, 99); }},
      {StatusCode::kInvalidArgument, "has no operator code",
       [&](const tflite::Model& m) {
         SetField<std::uint32_t>(graph(m).operators()->Get(2),
                                 tflite::Operator::VT_OPCODE_INDEX, 99);
       }},
      {StatusCode::kInvalidArgument, "option table is missing",
       [&](const tflite::Model& m) {
         SetField<std::uint8_t>(graph(m).operators()->Get(2),
                                tflite::Operator::VT_BUILTIN_OPTIONS_TYPE, 99);
       }},
      {StatusCode::kInvalidArgument, "padding is 7",
       [&](const tflite::Model& m) {
         SetField<std::int8_t>(graph(m).operators()->Get(2)->builtin_options(),
                               tflite::Pool2DOptions::VT_PADDING, 7);
       }},
      {StatusCode::kUnimplemented, "fused activation 5",
       [&](const tflite::Model& m) {
         SetField<std::int8_t>(
             graph(m).operators()->Get(0)->builtin_options(),
             tflite::Conv2DOptions::VT_FUSED_ACTIVATION_FUNCTION, 5);
       }},
      {StatusCode::kInvalidArgument, "fused activation is -7",
       [&](const tflite::Model& m) {
         SetField<std::int8_t>(
             graph(m).operators()->Get(0)->builtin_options(),
             tflite::Conv2DOptions::VT_FUSED_ACTIVATION_FUNCTION, -7);
       }},
  };
  for (const Case& c : cases) {
    Bytes bytes = WriteModel(Good());
    ASSERT_THAT(ParseModel(bytes), IsOk());
    c.spoil(*tflite::GetModel(bytes.data()));
    EXPECT_THAT(ParseModel(bytes), StatusIs(c.code, HasSubstr(c.message)));
  }
}

TEST(ModelFileTest, MissingOperatorsAreListedWithTheirVersions) {
  Model model = Good();
  model.ops[1].code = static_cast<OpCode>(10);  // no kernel in any build
  model.ops[1].version = 2;
  model.ops[2].code = static_cast<OpCode>(9999);
  EXPECT_THAT(Reparse(model),
              StatusIs(absl::StatusCode::kUnimplemented,
                       HasSubstr("operators without a kernel: HASHTABLE_LOOKUP "
                                 "version 2, code 9999 version 1")));
}

TEST(ModelFileTest, OperatorsRefuseWrongOptionsAndShapes) {
  for (const auto& spoil : std::vector<std::function<void(Model&)>>{
           [](Model& m) { m.ops[0].options.stride_w = 0; },
           [](Model& m) { m.ops[0].options.dilation_h = -1; },
           [](Model& m) { m.ops[0].options.stride_h = 1 << 30; },
           [](Model& m) { m.ops[0].inputs.resize(1); },
           [](Model& m) { m.ops[2].options.filter_w = 100; },
           [](Model& m) {
             std::swap(m.ops[0].inputs[1], m.ops[0].inputs[2]);
           }}) {
    Model model = Good();
    spoil(model);
    const auto parsed = ParseModel(WriteModel(model));
    ASSERT_THAT(parsed, IsOk());
    EXPECT_THAT(Interpreter::Create(*parsed, {}),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

// Whatever a damaged file says, it is refused or it runs; it never crashes.
void Sweep(const Bytes& good, std::size_t step) {
  for (std::size_t size = 0; size < good.size(); size += step) {
    EXPECT_FALSE(
        ParseModel(Bytes(good.begin(),
                         good.begin() + static_cast<std::ptrdiff_t>(size)))
            .ok());
  }
  for (std::size_t i = 0; i < good.size(); i += 1 + step / 7) {
    Bytes damaged = good;
    damaged[i] ^= static_cast<std::uint8_t>(1u << (i % 8));
    const auto model = ParseModel(damaged);
    if (!model.ok()) continue;
    auto runner = Interpreter::Create(*model, {.max_arena_bytes = 1 << 24});
    if (runner.ok() && CountMacs(*runner) < 50'000'000) (void)runner->Invoke();
  }
}

TEST(ModelFileTest, TruncatedAndFlippedFilesNeverCrash) {
  Sweep(WriteModel(MakeArchitecture(
                       {.name = "mlp", .height = 4, .width = 4, .classes = 2})
                       .value()),
        97);
}

TEST(ModelFileTest, TruncatedAndFlippedRealFilesNeverCrash) {
  SOTTO_SHARED_DATA_OR_SKIP(path, "models/kws_f32.tflite");
  Sweep(ReadFile(path).value(), 997);
}

TEST(ModelFileTest, ErrorsOfFilesNameThePath) {
  EXPECT_THAT(LoadModel("/no/such.tflite"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/no/such")));
}

}  // namespace
}  // namespace sotto::runtime
