#include "runtime/loader/options.h"

#include <vector>

#include "base/status.h"

namespace sotto::runtime {
namespace {

absl::Status SetActivation(tflite::ActivationFunctionType in, Options& out) {
  const int number = static_cast<int>(in);
  if (number < 0 || number > 3) {
    return absl::UnimplementedError(
        absl::StrFormat("fused activation %d has no kernel", number));
  }
  out.activation = static_cast<Activation>(number);
  return absl::OkStatus();
}

absl::Status SetPadding(tflite::Padding in, Options& out) {
  const int number = static_cast<int>(in);
  if (number < 0 || number > 1) {
    return absl::InvalidArgumentError(
        absl::StrFormat("padding is %d, expected 0 or 1", number));
  }
  out.padding = static_cast<Padding>(number);
  return absl::OkStatus();
}

template <typename Table>
absl::Status Convolution(const Table& in, Options& out) {
  out.stride_w = in.stride_w();
  out.stride_h = in.stride_h();
  out.dilation_w = in.dilation_w_factor();
  out.dilation_h = in.dilation_h_factor();
  SOTTO_RETURN_IF_ERROR(SetPadding(in.padding(), out));
  return SetActivation(in.fused_activation_function(), out);
}

absl::Status Pool(const tflite::Pool2DOptions& in, Options& out) {
  out.stride_w = in.stride_w();
  out.stride_h = in.stride_h();
  out.filter_w = in.filter_width();
  out.filter_h = in.filter_height();
  SOTTO_RETURN_IF_ERROR(SetPadding(in.padding(), out));
  return SetActivation(in.fused_activation_function(), out);
}

absl::Status NewShape(const flatbuffers::Vector<std::int32_t>* in,
                      Options& out) {
  if (in == nullptr) return absl::OkStatus();
  if (in->size() > Shape::kMaxRank) {
    return absl::UnimplementedError("its list of dimensions is longer than 6");
  }
  out.has_new_shape = true;
  out.new_shape.rank = in->size();
  for (std::size_t i = 0; i < out.new_shape.rank; ++i) {
    out.new_shape.dims[i] = in->Get(static_cast<flatbuffers::uoffset_t>(i));
  }
  return absl::OkStatus();
}

std::vector<std::int32_t> DimsOf(const Shape& shape) {
  return {shape.dims.begin(),
          shape.dims.begin() + static_cast<std::ptrdiff_t>(shape.rank)};
}

absl::Status Missing() {
  return absl::InvalidArgumentError("its option table is missing");
}

template <typename Table>
absl::Status ActivationOnly(const Table* in, Options& out) {
  // Files may leave the table out when all its fields are defaults.
  if (in == nullptr) return absl::OkStatus();
  return SetActivation(in->fused_activation_function(), out);
}

}  // namespace

absl::Status ReadOptions(const tflite::Operator& in, OpCode code,
                         Options& out) {
  switch (code) {
    case OpCode::kConv2D: {
      const auto* table = in.builtin_options_as_Conv2DOptions();
      return table == nullptr ? Missing() : Convolution(*table, out);
    }
    case OpCode::kDepthwiseConv2D: {
      const auto* table = in.builtin_options_as_DepthwiseConv2DOptions();
      if (table == nullptr) return Missing();
      out.depth_multiplier = table->depth_multiplier();
      return Convolution(*table, out);
    }
    case OpCode::kMaxPool2D:
    case OpCode::kAveragePool2D: {
      const auto* table = in.builtin_options_as_Pool2DOptions();
      return table == nullptr ? Missing() : Pool(*table, out);
    }
    case OpCode::kFullyConnected: {
      const auto* table = in.builtin_options_as_FullyConnectedOptions();
      if (table == nullptr) return absl::OkStatus();
      if (table->keep_num_dims() ||
          table->weights_format() !=
              tflite::FullyConnectedOptionsWeightsFormat::DEFAULT) {
        return absl::UnimplementedError(
            "keep_num_dims and shuffled weights have no kernel");
      }
      return SetActivation(table->fused_activation_function(), out);
    }
    case OpCode::kSoftmax: {
      const auto* table = in.builtin_options_as_SoftmaxOptions();
      if (table == nullptr) return Missing();
      out.beta = table->beta();
      return absl::OkStatus();
    }
    case OpCode::kReshape: {
      const auto* table = in.builtin_options_as_ReshapeOptions();
      return NewShape(table == nullptr ? nullptr : table->new_shape(), out);
    }
    case OpCode::kSqueeze: {
      const auto* table = in.builtin_options_as_SqueezeOptions();
      return NewShape(table == nullptr ? nullptr : table->squeeze_dims(), out);
    }
    case OpCode::kConcatenation: {
      const auto* table = in.builtin_options_as_ConcatenationOptions();
      if (table == nullptr) return Missing();
      out.axis = table->axis();
      return SetActivation(table->fused_activation_function(), out);
    }
    case OpCode::kMean: {
      const auto* table = in.builtin_options_as_ReducerOptions();
      out.keep_dims = table != nullptr && table->keep_dims();
      return absl::OkStatus();
    }
    case OpCode::kAdd:
      return ActivationOnly(in.builtin_options_as_AddOptions(), out);
    case OpCode::kMul:
      return ActivationOnly(in.builtin_options_as_MulOptions(), out);
    case OpCode::kSub:
      return ActivationOnly(in.builtin_options_as_SubOptions(), out);
    default:
      return absl::OkStatus();
  }
}

WrittenOptions WriteOptions(flatbuffers::FlatBufferBuilder& builder,
                            OpCode code, const Options& o) {
  using tflite::BuiltinOptions;
  const auto padding = static_cast<tflite::Padding>(o.padding);
  const auto act = static_cast<tflite::ActivationFunctionType>(o.activation);
  switch (code) {
    case OpCode::kConv2D:
      return {
          BuiltinOptions::Conv2DOptions,
          tflite::CreateConv2DOptions(builder, padding, o.stride_w, o.stride_h,
                                      act, o.dilation_w, o.dilation_h)
              .Union()};
    case OpCode::kDepthwiseConv2D:
      return {BuiltinOptions::DepthwiseConv2DOptions,
              tflite::CreateDepthwiseConv2DOptions(
                  builder, padding, o.stride_w, o.stride_h, o.depth_multiplier,
                  act, o.dilation_w, o.dilation_h)
                  .Union()};
    case OpCode::kMaxPool2D:
    case OpCode::kAveragePool2D:
      return {
          BuiltinOptions::Pool2DOptions,
          tflite::CreatePool2DOptions(builder, padding, o.stride_w, o.stride_h,
                                      o.filter_w, o.filter_h, act)
              .Union()};
    case OpCode::kFullyConnected:
      return {BuiltinOptions::FullyConnectedOptions,
              tflite::CreateFullyConnectedOptions(builder, act).Union()};
    case OpCode::kSoftmax:
      return {BuiltinOptions::SoftmaxOptions,
              tflite::CreateSoftmaxOptions(builder, o.beta).Union()};
    case OpCode::kReshape: {
      const auto dims = DimsOf(o.new_shape);
      return {BuiltinOptions::ReshapeOptions,
              tflite::CreateReshapeOptionsDirect(
                  builder, o.has_new_shape ? &dims : nullptr)
                  .Union()};
    }
    case OpCode::kSqueeze: {
      const auto dims = DimsOf(o.new_shape);
      return {BuiltinOptions::SqueezeOptions,
              tflite::CreateSqueezeOptionsDirect(
                  builder, o.has_new_shape ? &dims : nullptr)
                  .Union()};
    }
    case OpCode::kConcatenation:
      return {BuiltinOptions::ConcatenationOptions,
              tflite::CreateConcatenationOptions(builder, o.axis, act).Union()};
    case OpCode::kPad:
      return {BuiltinOptions::PadOptions,
              tflite::CreatePadOptions(builder).Union()};
    case OpCode::kMean:
      return {BuiltinOptions::ReducerOptions,
              tflite::CreateReducerOptions(builder, o.keep_dims).Union()};
    case OpCode::kAdd:
      return {BuiltinOptions::AddOptions,
              tflite::CreateAddOptions(builder, act).Union()};
    case OpCode::kMul:
      return {BuiltinOptions::MulOptions,
              tflite::CreateMulOptions(builder, act).Union()};
    case OpCode::kSub:
      return {BuiltinOptions::SubOptions,
              tflite::CreateSubOptions(builder, act).Union()};
    case OpCode::kDequantize:
      return {BuiltinOptions::DequantizeOptions,
              tflite::CreateDequantizeOptions(builder).Union()};
    default:
      return {};
  }
}

}  // namespace sotto::runtime
