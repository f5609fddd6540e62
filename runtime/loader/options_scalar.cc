// Arithmetic, reductions, types and control flow.

#include "base/status.h"
#include "runtime/loader/options_family.h"

namespace sotto::runtime {
namespace {

template <typename Table>
absl::Status Sum(const Table* in, Options& out) {
  if (in == nullptr) return absl::OkStatus();
  out.power_of_two_scales = in->pot_scale_int16();
  return SetActivation(in->fused_activation_function(), out.activation);
}

template <typename Table>
absl::Status Product(const Table* in, Options& out) {
  if (in == nullptr) return absl::OkStatus();
  return SetActivation(in->fused_activation_function(), out.activation);
}

template <typename Table>
absl::Status Position(const Table* in, Options& out) {
  if (in == nullptr) return absl::OkStatus();
  return SetElementType(in->output_type(), out.out_type);
}

absl::Status Composite(const tflite::StableHLOCompositeOptions* in,
                       Options& out) {
  if (in == nullptr) return MissingTable();
  out.subgraph_a = in->decomposition_subgraph_index();
  if (const auto* attributes = in->composite_attributes()) {
    out.custom = {attributes->data(), attributes->size()};
  }
  return absl::OkStatus();
}

bool ReadControl(const tflite::Operator& in, OpCode code, Options& out,
                 absl::Status& status) {
  status = MissingTable();
  switch (code) {
    case OpCode::kIf:
      if (const auto* t = in.builtin_options_as_IfOptions()) {
        out.subgraph_a = t->then_subgraph_index();
        out.subgraph_b = t->else_subgraph_index();
        status = absl::OkStatus();
      }
      return true;
    case OpCode::kWhile:
      if (const auto* t = in.builtin_options_as_WhileOptions()) {
        out.subgraph_a = t->cond_subgraph_index();
        out.subgraph_b = t->body_subgraph_index();
        status = absl::OkStatus();
      }
      return true;
    case OpCode::kCallOnce:
      if (const auto* t = in.builtin_options_as_CallOnceOptions()) {
        out.subgraph_a = t->init_subgraph_index();
        status = absl::OkStatus();
      }
      return true;
    case OpCode::kStablehloComposite:
      status =
          Composite(in.builtin_options_2_as_StableHLOCompositeOptions(), out);
      return true;
    default:
      status = absl::OkStatus();
      return false;
  }
}

}  // namespace

bool ReadScalarOptions(const tflite::Operator& in, OpCode code, Options& out,
                       absl::Status& status) {
  switch (code) {
    case OpCode::kAdd:
      status = Sum(in.builtin_options_as_AddOptions(), out);
      return true;
    case OpCode::kSub:
      status = Sum(in.builtin_options_as_SubOptions(), out);
      return true;
    case OpCode::kMul:
      status = Product(in.builtin_options_as_MulOptions(), out);
      return true;
    case OpCode::kDiv:
      status = Product(in.builtin_options_as_DivOptions(), out);
      return true;
    case OpCode::kLeakyRelu:
      if (const auto* t = in.builtin_options_as_LeakyReluOptions()) {
        out.alpha = t->alpha();
      }
      return true;
    case OpCode::kGelu:
      if (const auto* t = in.builtin_options_as_GeluOptions()) {
        out.approximate = t->approximate();
      }
      return true;
    case OpCode::kMean:
    case OpCode::kSum:
    case OpCode::kReduceProd:
    case OpCode::kReduceMax:
    case OpCode::kReduceMin:
    case OpCode::kReduceAny:
    case OpCode::kReduceAll:
      if (const auto* t = in.builtin_options_as_ReducerOptions()) {
        out.keep_dims = t->keep_dims();
      }
      return true;
    case OpCode::kCumsum:
      if (const auto* t = in.builtin_options_as_CumsumOptions()) {
        out.exclusive = t->exclusive();
        out.reverse = t->reverse();
      }
      return true;
    case OpCode::kArgMax:
      status = Position(in.builtin_options_as_ArgMaxOptions(), out);
      return true;
    case OpCode::kArgMin:
      status = Position(in.builtin_options_as_ArgMinOptions(), out);
      return true;
    case OpCode::kShape:
      if (const auto* t = in.builtin_options_as_ShapeOptions()) {
        status = SetElementType(t->out_type(), out.out_type);
      }
      return true;
    case OpCode::kCast:
      if (const auto* t = in.builtin_options_as_CastOptions()) {
        status = SetElementType(t->out_data_type(), out.out_type);
      }
      return true;
    default:
      return ReadControl(in, code, out, status);
  }
}

WrittenOptions WriteScalarOptions(flatbuffers::FlatBufferBuilder& builder,
                                  OpCode code, const Options& o) {
  const auto act = ToFormat(o.activation);
  const auto type = ToFormat(o.out_type);
  switch (code) {
    case OpCode::kAdd:
      return {BuiltinOptions::AddOptions,
              tflite::CreateAddOptions(builder, act, o.power_of_two_scales)
                  .Union()};
    case OpCode::kSub:
      return {BuiltinOptions::SubOptions,
              tflite::CreateSubOptions(builder, act, o.power_of_two_scales)
                  .Union()};
    case OpCode::kMul:
      return {BuiltinOptions::MulOptions,
              tflite::CreateMulOptions(builder, act).Union()};
    case OpCode::kDiv:
      return {BuiltinOptions::DivOptions,
              tflite::CreateDivOptions(builder, act).Union()};
    case OpCode::kLeakyRelu:
      return {BuiltinOptions::LeakyReluOptions,
              tflite::CreateLeakyReluOptions(builder, o.alpha).Union()};
    case OpCode::kGelu:
      return {BuiltinOptions::GeluOptions,
              tflite::CreateGeluOptions(builder, o.approximate).Union()};
    case OpCode::kDequantize:
      return {BuiltinOptions::DequantizeOptions,
              tflite::CreateDequantizeOptions(builder).Union()};
    case OpCode::kMean:
    case OpCode::kSum:
    case OpCode::kReduceProd:
    case OpCode::kReduceMax:
    case OpCode::kReduceMin:
    case OpCode::kReduceAny:
    case OpCode::kReduceAll:
      return {BuiltinOptions::ReducerOptions,
              tflite::CreateReducerOptions(builder, o.keep_dims).Union()};
    case OpCode::kCumsum:
      return {
          BuiltinOptions::CumsumOptions,
          tflite::CreateCumsumOptions(builder, o.exclusive, o.reverse).Union()};
    case OpCode::kArgMax:
      return {BuiltinOptions::ArgMaxOptions,
              tflite::CreateArgMaxOptions(builder, type).Union()};
    case OpCode::kArgMin:
      return {BuiltinOptions::ArgMinOptions,
              tflite::CreateArgMinOptions(builder, type).Union()};
    case OpCode::kShape:
      return {BuiltinOptions::ShapeOptions,
              tflite::CreateShapeOptions(builder, type).Union()};
    case OpCode::kIf:
      return {
          BuiltinOptions::IfOptions,
          tflite::CreateIfOptions(builder, o.subgraph_a, o.subgraph_b).Union()};
    case OpCode::kWhile:
      return {BuiltinOptions::WhileOptions,
              tflite::CreateWhileOptions(builder, o.subgraph_a, o.subgraph_b)
                  .Union()};
    case OpCode::kCallOnce:
      return {BuiltinOptions::CallOnceOptions,
              tflite::CreateCallOnceOptions(builder, o.subgraph_a).Union()};
    case OpCode::kVarHandle: {
      // Names of variables are not kept; numbers tell them apart as well.
      const std::string name = absl::StrFormat("variable_%d", o.resource);
      return {BuiltinOptions::VarHandleOptions,
              tflite::CreateVarHandleOptionsDirect(builder, "", name.c_str())
                  .Union()};
    }
    case OpCode::kStablehloComposite: {
      WrittenOptions out;
      const auto attributes =
          builder.CreateVector(o.custom.data(), o.custom.size());
      const auto name = builder.CreateString("composite");
      out.second_type = tflite::BuiltinOptions2::StableHLOCompositeOptions;
      out.second_table = tflite::CreateStableHLOCompositeOptions(
                             builder, name, o.subgraph_a, attributes)
                             .Union();
      return out;
    }
    default:
      return {};
  }
}

}  // namespace sotto::runtime
