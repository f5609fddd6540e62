#include "tests/conformance/case.h"

#include <algorithm>

#include "tests/conformance/seeded_values.h"

namespace sotto::conformance {
namespace {

runtime::Shape ShapeOf(const Dims& dims) {
  runtime::Shape shape;
  shape.rank = dims.size();
  std::copy(dims.begin(), dims.end(), shape.dims.begin());
  return shape;
}

}  // namespace

std::string TypeName(ElementType type) {
  switch (type) {
    case ElementType::kFloat32:
      return "f32";
    case ElementType::kInt8:
      return "i8";
    case ElementType::kUint8:
      return "u8";
    case ElementType::kInt16:
      return "i16";
    case ElementType::kInt32:
      return "i32";
    case ElementType::kInt64:
      return "i64";
    case ElementType::kBool:
      return "bool";
    default:
      return "other";
  }
}

Range DefaultRange(ElementType type) {
  switch (type) {
    case ElementType::kInt8:
      return {-128, 127};
    case ElementType::kUint8:
      return {0, 255};
    case ElementType::kInt16:
      return {-32768, 32767};
    case ElementType::kBool:
      return {0, 1};
    case ElementType::kFloat32:
      return {-1, 1};
    default:
      return {-10, 10};
  }
}

Quantization Scale(float scale, std::int64_t zero_point) {
  return {.scale = {scale}, .zero_point = {zero_point}, .dimension = 0};
}

Quantization Scales(float scale, std::int32_t count, std::int32_t dimension) {
  Quantization made;
  made.dimension = dimension;
  SeededValues values("scales");
  for (std::int32_t i = 0; i < count; ++i) {
    made.scale.push_back(
        static_cast<float>(double{scale} * values.Real(0.5, 1.5)));
    made.zero_point.push_back(0);
  }
  return made;
}

Operand Input(ElementType type, Dims dims, Quantization quantization) {
  return Input(type, std::move(dims), DefaultRange(type),
               std::move(quantization));
}
Operand Input(ElementType type, Dims dims, Range range,
              Quantization quantization) {
  return {.kind = Operand::Kind::kInput,
          .type = type,
          .dims = std::move(dims),
          .quantization = std::move(quantization),
          .range = range,
          .values = {}};
}
Operand Drawn(ElementType type, Dims dims, Range range,
              Quantization quantization) {
  Operand made = Input(type, std::move(dims), range, std::move(quantization));
  made.kind = Operand::Kind::kDrawn;
  return made;
}
Operand Values(ElementType type, Dims dims, std::vector<double> values,
               Quantization quantization) {
  Operand made = Input(type, std::move(dims), std::move(quantization));
  made.kind = Operand::Kind::kValues;
  made.values = std::move(values);
  return made;
}
Operand Variable(ElementType type, Dims dims, Quantization quantization) {
  Operand made = Input(type, std::move(dims), std::move(quantization));
  made.kind = Operand::Kind::kVariable;
  return made;
}
Operand Absent() { return {}; }
Operand Output(ElementType type, Quantization quantization) {
  Operand made = Input(type, {}, std::move(quantization));
  made.kind = Operand::Kind::kOutput;
  return made;
}

std::int32_t CaseBuilder::Add(const Operand& operand) {
  if (operand.kind == Operand::Kind::kAbsent) return runtime::kAbsent;
  runtime::Model& model = made_.model;
  const auto index = static_cast<std::int32_t>(model.tensors.size());
  runtime::TensorInfo tensor;
  tensor.name = "t" + std::to_string(index);
  tensor.type = operand.type;
  tensor.shape = ShapeOf(operand.dims);
  tensor.quantization = operand.quantization;
  switch (operand.kind) {
    case Operand::Kind::kInput:
      model.inputs.push_back(index);
      made_.ranges.push_back(operand.range);
      break;
    case Operand::Kind::kDrawn:
      tensor.data =
          model.Keep(operand.type == ElementType::kInt4
                         ? DrawInt4(made_.name + "/" + tensor.name,
                                    tensor.shape.Elements())
                         : DrawElements(made_.name + "/" + tensor.name,
                                        operand.type, tensor.shape.Elements(),
                                        operand.range.low, operand.range.high));
      break;
    case Operand::Kind::kValues: {
      Bytes data;
      for (const double v : operand.values) {
        AppendElement(operand.type, v, data);
      }
      tensor.data = model.Keep(std::move(data));
      break;
    }
    case Operand::Kind::kVariable:
      tensor.is_variable = true;
      break;
    case Operand::Kind::kOutput:
      model.outputs.push_back(index);
      break;
    case Operand::Kind::kAbsent:
      break;
  }
  model.tensors.push_back(std::move(tensor));
  return index;
}

std::int32_t CaseBuilder::Between(ElementType type, Quantization quantization) {
  const std::int32_t index = Add(Output(type, std::move(quantization)));
  made_.model.outputs.pop_back();
  return index;
}

void CaseBuilder::Op(OpCode code, std::vector<std::int32_t> inputs,
                     std::vector<std::int32_t> outputs, const Options& options,
                     std::int32_t version,
                     std::vector<std::int32_t> intermediates) {
  made_.model.ops.push_back({.code = code,
                             .version = version,
                             .inputs = std::move(inputs),
                             .outputs = std::move(outputs),
                             .options = options,
                             .intermediates = std::move(intermediates)});
}

Case OneOp(const OpSpec& spec) {
  CaseBuilder builder(spec.name);
  std::vector<std::int32_t> inputs, outputs, intermediates;
  for (const Operand& o : spec.inputs) inputs.push_back(builder.Add(o));
  for (const Operand& o : spec.outputs) outputs.push_back(builder.Add(o));
  for (const Operand& o : spec.intermediates) {
    intermediates.push_back(builder.Between(o.type, o.quantization));
  }
  builder.Op(spec.code, std::move(inputs), std::move(outputs), spec.options,
             spec.version, std::move(intermediates));
  builder.Invocations(spec.invocations);
  return builder.Take();
}

const std::vector<Family>& Families() {
  static const std::vector<Family> families = {
      {"convolution", ConvolutionCases},
      {"dense", DenseCases},
      {"pool", PoolCases},
      {"activation", ActivationCases},
      {"binary", BinaryCases},
      {"unary", UnaryCases},
      {"movement", MovementCases},
      {"indexing", IndexingCases},
      {"reduction", ReductionCases},
      {"vision", VisionCases},
      {"recurrent", RecurrentCases},
      {"control", ControlCases},
      {"network", NetworkCases},
  };
  return families;
}

}  // namespace sotto::conformance
