// Convolutions, pools and what multiplies by weights.

#include "base/status.h"
#include "runtime/loader/options_family.h"

namespace sotto::runtime {
namespace {

template <typename Table>
absl::Status Convolution(const Table* in, Options& out) {
  if (in == nullptr) return MissingTable();
  out.stride_w = in->stride_w();
  out.stride_h = in->stride_h();
  out.dilation_w = in->dilation_w_factor();
  out.dilation_h = in->dilation_h_factor();
  SOTTO_RETURN_IF_ERROR(SetPadding(in->padding(), out));
  return SetActivation(in->fused_activation_function(), out.activation);
}

absl::Status Depthwise(const tflite::DepthwiseConv2DOptions* in, Options& out) {
  if (in != nullptr) out.depth_multiplier = in->depth_multiplier();
  return Convolution(in, out);
}

absl::Status Volume(const tflite::Conv3DOptions* in, Options& out) {
  if (in != nullptr) {
    out.stride_d = in->stride_d();
    out.dilation_d = in->dilation_d_factor();
  }
  return Convolution(in, out);
}

absl::Status Transposed(const tflite::TransposeConvOptions* in, Options& out) {
  if (in == nullptr) return MissingTable();
  out.stride_w = in->stride_w();
  out.stride_h = in->stride_h();
  SOTTO_RETURN_IF_ERROR(SetPadding(in->padding(), out));
  return SetActivation(in->fused_activation_function(), out.activation);
}

absl::Status Pool(const tflite::Pool2DOptions* in, Options& out) {
  if (in == nullptr) return MissingTable();
  out.stride_w = in->stride_w();
  out.stride_h = in->stride_h();
  out.filter_w = in->filter_width();
  out.filter_h = in->filter_height();
  SOTTO_RETURN_IF_ERROR(SetPadding(in->padding(), out));
  return SetActivation(in->fused_activation_function(), out.activation);
}

absl::Status FullyConnected(const tflite::FullyConnectedOptions* in,
                            Options& out) {
  if (in == nullptr) return absl::OkStatus();
  const int format = static_cast<int>(in->weights_format());
  if (format < 0 || format > 1) {
    return absl::InvalidArgumentError(
        absl::StrFormat("weights format is %d, expected 0 or 1", format));
  }
  if (format == 1) {
    return absl::UnimplementedError("shuffled weights have no kernel");
  }
  out.keep_dims = in->keep_num_dims();
  out.asymmetric_inputs = in->asymmetric_quantize_inputs();
  return SetActivation(in->fused_activation_function(), out.activation);
}

}  // namespace

bool ReadWindowOptions(const tflite::Operator& in, OpCode code, Options& out,
                       absl::Status& status) {
  switch (code) {
    case OpCode::kConv2D:
      status = Convolution(in.builtin_options_as_Conv2DOptions(), out);
      return true;
    case OpCode::kDepthwiseConv2D:
      status = Depthwise(in.builtin_options_as_DepthwiseConv2DOptions(), out);
      return true;
    case OpCode::kConv3D:
      status = Volume(in.builtin_options_as_Conv3DOptions(), out);
      return true;
    case OpCode::kTransposeConv:
      status = Transposed(in.builtin_options_as_TransposeConvOptions(), out);
      return true;
    case OpCode::kMaxPool2D:
    case OpCode::kAveragePool2D:
      status = Pool(in.builtin_options_as_Pool2DOptions(), out);
      return true;
    case OpCode::kFullyConnected:
      status =
          FullyConnected(in.builtin_options_as_FullyConnectedOptions(), out);
      return true;
    case OpCode::kBatchMatmul:
      if (const auto* t = in.builtin_options_as_BatchMatMulOptions()) {
        out.transpose_a = t->adj_x();
        out.transpose_b = t->adj_y();
        out.asymmetric_inputs = t->asymmetric_quantize_inputs();
      }
      return true;
    case OpCode::kSoftmax:
      if (const auto* t = in.builtin_options_as_SoftmaxOptions()) {
        out.beta = t->beta();
      } else {
        status = MissingTable();
      }
      return true;
    case OpCode::kL2Normalization:
      if (const auto* t = in.builtin_options_as_L2NormOptions()) {
        status = SetActivation(t->fused_activation_function(), out.activation);
      }
      return true;
    default:
      return false;
  }
}

WrittenOptions WriteWindowOptions(flatbuffers::FlatBufferBuilder& builder,
                                  OpCode code, const Options& o) {
  const auto padding = ToFormat(o.padding);
  const auto act = ToFormat(o.activation);
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
    case OpCode::kConv3D:
      return {BuiltinOptions::Conv3DOptions,
              tflite::CreateConv3DOptions(
                  builder, padding, o.stride_d, o.stride_w, o.stride_h, act,
                  o.dilation_d, o.dilation_w, o.dilation_h)
                  .Union()};
    case OpCode::kTransposeConv:
      return {BuiltinOptions::TransposeConvOptions,
              tflite::CreateTransposeConvOptions(builder, padding, o.stride_w,
                                                 o.stride_h, act)
                  .Union()};
    case OpCode::kMaxPool2D:
    case OpCode::kAveragePool2D:
      return {
          BuiltinOptions::Pool2DOptions,
          tflite::CreatePool2DOptions(builder, padding, o.stride_w, o.stride_h,
                                      o.filter_w, o.filter_h, act)
              .Union()};
    case OpCode::kFullyConnected:
      return {
          BuiltinOptions::FullyConnectedOptions,
          tflite::CreateFullyConnectedOptions(
              builder, act, tflite::FullyConnectedOptionsWeightsFormat::DEFAULT,
              o.keep_dims, o.asymmetric_inputs)
              .Union()};
    case OpCode::kBatchMatmul:
      return {BuiltinOptions::BatchMatMulOptions,
              tflite::CreateBatchMatMulOptions(
                  builder, o.transpose_a, o.transpose_b, o.asymmetric_inputs)
                  .Union()};
    case OpCode::kSoftmax:
      return {BuiltinOptions::SoftmaxOptions,
              tflite::CreateSoftmaxOptions(builder, o.beta).Union()};
    case OpCode::kL2Normalization:
      return {BuiltinOptions::L2NormOptions,
              tflite::CreateL2NormOptions(builder, act).Union()};
    default:
      return {};
  }
}

}  // namespace sotto::runtime
