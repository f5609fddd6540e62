// LSTM, RNN and SVDF.

#include <cmath>

#include "base/status.h"
#include "runtime/loader/options_family.h"

namespace sotto::runtime {
namespace {

// 0: no clipping.
absl::Status SetClips(float cell, float projection, Options& out) {
  if (!std::isfinite(cell) || !std::isfinite(projection) || cell < 0 ||
      projection < 0) {
    return absl::InvalidArgumentError(
        absl::StrFormat("its clipping bounds are %g and %g, expected at least "
                        "0",
                        cell, projection));
  }
  out.cell_clip = cell;
  out.projection_clip = projection;
  return absl::OkStatus();
}

template <typename Table>
absl::Status Common(const Table& in, Options& out) {
  out.asymmetric_inputs = in.asymmetric_quantize_inputs();
  return SetActivation(in.fused_activation_function(), out.activation, true);
}

absl::Status Lstm(const tflite::LSTMOptions& in, Options& out) {
  const int form = static_cast<int>(in.kernel_type());
  if (form < 0 || form > 1) {
    return absl::InvalidArgumentError(
        absl::StrFormat("kernel type is %d, expected 0 or 1", form));
  }
  out.basic_cell = form == 1;
  SOTTO_RETURN_IF_ERROR(SetClips(in.cell_clip(), in.proj_clip(), out));
  return Common(in, out);
}

absl::Status SequenceLstm(const tflite::UnidirectionalSequenceLSTMOptions& in,
                          Options& out) {
  if (in.diagonal_recurrent_tensors()) {
    return absl::UnimplementedError("diagonal recurrent weights");
  }
  out.time_major = in.time_major();
  SOTTO_RETURN_IF_ERROR(SetClips(in.cell_clip(), in.proj_clip(), out));
  return Common(in, out);
}

absl::Status TwoWayLstm(const tflite::BidirectionalSequenceLSTMOptions& in,
                        Options& out) {
  out.time_major = in.time_major();
  out.merge_outputs = in.merge_outputs();
  SOTTO_RETURN_IF_ERROR(SetClips(in.cell_clip(), in.proj_clip(), out));
  return Common(in, out);
}

}  // namespace

bool ReadRecurrentOptions(const tflite::Operator& in, OpCode code, Options& out,
                          absl::Status& status) {
  status = MissingTable();
  switch (code) {
    case OpCode::kLstm:
      if (const auto* t = in.builtin_options_as_LSTMOptions()) {
        status = Lstm(*t, out);
      }
      return true;
    case OpCode::kUnidirectionalSequenceLstm:
      if (const auto* t =
              in.builtin_options_as_UnidirectionalSequenceLSTMOptions()) {
        status = SequenceLstm(*t, out);
      }
      return true;
    case OpCode::kBidirectionalSequenceLstm:
      if (const auto* t =
              in.builtin_options_as_BidirectionalSequenceLSTMOptions()) {
        status = TwoWayLstm(*t, out);
      }
      return true;
    case OpCode::kRnn:
      if (const auto* t = in.builtin_options_as_RNNOptions()) {
        status = Common(*t, out);
      }
      return true;
    case OpCode::kUnidirectionalSequenceRnn:
      if (const auto* t = in.builtin_options_as_SequenceRNNOptions()) {
        out.time_major = t->time_major();
        status = Common(*t, out);
      }
      return true;
    case OpCode::kSvdf:
      if (const auto* t = in.builtin_options_as_SVDFOptions()) {
        out.rank = t->rank();
        status = Common(*t, out);
      }
      return true;
    default:
      status = absl::OkStatus();
      return false;
  }
}

WrittenOptions WriteRecurrentOptions(flatbuffers::FlatBufferBuilder& builder,
                                     OpCode code, const Options& o) {
  const auto act = ToFormat(o.activation);
  switch (code) {
    case OpCode::kLstm:
      return {BuiltinOptions::LSTMOptions,
              tflite::CreateLSTMOptions(
                  builder, act, o.cell_clip, o.projection_clip,
                  o.basic_cell ? tflite::LSTMKernelType::BASIC
                               : tflite::LSTMKernelType::FULL,
                  o.asymmetric_inputs)
                  .Union()};
    case OpCode::kUnidirectionalSequenceLstm:
      return {BuiltinOptions::UnidirectionalSequenceLSTMOptions,
              tflite::CreateUnidirectionalSequenceLSTMOptions(
                  builder, act, o.cell_clip, o.projection_clip, o.time_major,
                  o.asymmetric_inputs)
                  .Union()};
    case OpCode::kBidirectionalSequenceLstm:
      return {BuiltinOptions::BidirectionalSequenceLSTMOptions,
              tflite::CreateBidirectionalSequenceLSTMOptions(
                  builder, act, o.cell_clip, o.projection_clip, o.merge_outputs,
                  o.time_major, o.asymmetric_inputs)
                  .Union()};
    case OpCode::kRnn:
      return {
          BuiltinOptions::RNNOptions,
          tflite::CreateRNNOptions(builder, act, o.asymmetric_inputs).Union()};
    case OpCode::kUnidirectionalSequenceRnn:
      return {BuiltinOptions::SequenceRNNOptions,
              tflite::CreateSequenceRNNOptions(builder, o.time_major, act,
                                               o.asymmetric_inputs)
                  .Union()};
    case OpCode::kSvdf:
      return {
          BuiltinOptions::SVDFOptions,
          tflite::CreateSVDFOptions(builder, o.rank, act, o.asymmetric_inputs)
              .Union()};
    default:
      return {};
  }
}

}  // namespace sotto::runtime
