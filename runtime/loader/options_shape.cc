// What moves elements: reshapes, joins, cuts, paddings.

#include <vector>

#include "base/status.h"
#include "runtime/loader/options_family.h"

namespace sotto::runtime {
namespace {

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

void StridedSlice(const tflite::StridedSliceOptions& in, Options& out) {
  out.begin_mask = in.begin_mask();
  out.end_mask = in.end_mask();
  out.ellipsis_mask = in.ellipsis_mask();
  out.new_axis_mask = in.new_axis_mask();
  out.shrink_axis_mask = in.shrink_axis_mask();
  out.end_is_offset = in.offset();
}

absl::Status MirrorPad(const tflite::MirrorPadOptions& in, Options& out) {
  const int mode = static_cast<int>(in.mode());
  if (mode < 0 || mode > 1) {
    return absl::InvalidArgumentError(
        absl::StrFormat("mirror mode is %d, expected 0 or 1", mode));
  }
  out.symmetric = mode == 1;
  return absl::OkStatus();
}

// Operators whose table has to be there.
bool ReadNeeded(const tflite::Operator& in, OpCode code, Options& out,
                absl::Status& status) {
  status = MissingTable();
  switch (code) {
    case OpCode::kPack:
      if (const auto* t = in.builtin_options_as_PackOptions()) {
        out.count = t->values_count();
        out.axis = t->axis();
        status = absl::OkStatus();
      }
      return true;
    case OpCode::kUnpack:
      if (const auto* t = in.builtin_options_as_UnpackOptions()) {
        out.count = t->num();
        out.axis = t->axis();
        status = absl::OkStatus();
      }
      return true;
    case OpCode::kSplit:
      if (const auto* t = in.builtin_options_as_SplitOptions()) {
        out.count = t->num_splits();
        status = absl::OkStatus();
      }
      return true;
    case OpCode::kSplitV:
      if (const auto* t = in.builtin_options_as_SplitVOptions()) {
        out.count = t->num_splits();
        status = absl::OkStatus();
      }
      return true;
    case OpCode::kDepthToSpace:
      if (const auto* t = in.builtin_options_as_DepthToSpaceOptions()) {
        out.block_size = t->block_size();
        status = absl::OkStatus();
      }
      return true;
    case OpCode::kSpaceToDepth:
      if (const auto* t = in.builtin_options_as_SpaceToDepthOptions()) {
        out.block_size = t->block_size();
        status = absl::OkStatus();
      }
      return true;
    default:
      status = absl::OkStatus();
      return false;
  }
}

}  // namespace

bool ReadShapeOptions(const tflite::Operator& in, OpCode code, Options& out,
                      absl::Status& status) {
  switch (code) {
    case OpCode::kReshape:
      if (const auto* t = in.builtin_options_as_ReshapeOptions()) {
        status = NewShape(t->new_shape(), out);
      }
      return true;
    case OpCode::kSqueeze:
      if (const auto* t = in.builtin_options_as_SqueezeOptions()) {
        status = NewShape(t->squeeze_dims(), out);
      }
      return true;
    case OpCode::kConcatenation:
      if (const auto* t = in.builtin_options_as_ConcatenationOptions()) {
        out.axis = t->axis();
        status = SetActivation(t->fused_activation_function(), out.activation);
      }
      return true;
    case OpCode::kGather:
      if (const auto* t = in.builtin_options_as_GatherOptions()) {
        out.axis = t->axis();
        out.batch_dims = t->batch_dims();
      }
      return true;
    case OpCode::kOneHot:
      if (const auto* t = in.builtin_options_as_OneHotOptions()) {
        out.axis = t->axis();
      }
      return true;
    case OpCode::kStridedSlice:
      if (const auto* t = in.builtin_options_as_StridedSliceOptions()) {
        StridedSlice(*t, out);
      }
      return true;
    case OpCode::kMirrorPad:
      if (const auto* t = in.builtin_options_as_MirrorPadOptions()) {
        status = MirrorPad(*t, out);
      }
      return true;
    case OpCode::kResizeBilinear:
      if (const auto* t = in.builtin_options_as_ResizeBilinearOptions()) {
        out.align_corners = t->align_corners();
        out.half_pixel_centers = t->half_pixel_centers();
      }
      return true;
    case OpCode::kResizeNearestNeighbor:
      if (const auto* t =
              in.builtin_options_as_ResizeNearestNeighborOptions()) {
        out.align_corners = t->align_corners();
        out.half_pixel_centers = t->half_pixel_centers();
      }
      return true;
    default:
      return ReadNeeded(in, code, out, status);
  }
}

WrittenOptions WriteShapeOptions(flatbuffers::FlatBufferBuilder& builder,
                                 OpCode code, const Options& o) {
  const auto dims = DimsOf(o.new_shape);
  const auto* given = o.has_new_shape ? &dims : nullptr;
  switch (code) {
    case OpCode::kReshape:
      return {BuiltinOptions::ReshapeOptions,
              tflite::CreateReshapeOptionsDirect(builder, given).Union()};
    case OpCode::kSqueeze:
      return {BuiltinOptions::SqueezeOptions,
              tflite::CreateSqueezeOptionsDirect(builder, given).Union()};
    case OpCode::kConcatenation:
      return {BuiltinOptions::ConcatenationOptions,
              tflite::CreateConcatenationOptions(builder, o.axis,
                                                 ToFormat(o.activation))
                  .Union()};
    case OpCode::kGather:
      return {
          BuiltinOptions::GatherOptions,
          tflite::CreateGatherOptions(builder, o.axis, o.batch_dims).Union()};
    case OpCode::kOneHot:
      return {BuiltinOptions::OneHotOptions,
              tflite::CreateOneHotOptions(builder, o.axis).Union()};
    case OpCode::kStridedSlice:
      return {BuiltinOptions::StridedSliceOptions,
              tflite::CreateStridedSliceOptions(
                  builder, o.begin_mask, o.end_mask, o.ellipsis_mask,
                  o.new_axis_mask, o.shrink_axis_mask, o.end_is_offset)
                  .Union()};
    case OpCode::kPad:
      return {BuiltinOptions::PadOptions,
              tflite::CreatePadOptions(builder).Union()};
    case OpCode::kMirrorPad:
      return {BuiltinOptions::MirrorPadOptions,
              tflite::CreateMirrorPadOptions(
                  builder, o.symmetric ? tflite::MirrorPadMode::SYMMETRIC
                                       : tflite::MirrorPadMode::REFLECT)
                  .Union()};
    case OpCode::kResizeBilinear:
      return {BuiltinOptions::ResizeBilinearOptions,
              tflite::CreateResizeBilinearOptions(builder, o.align_corners,
                                                  o.half_pixel_centers)
                  .Union()};
    case OpCode::kResizeNearestNeighbor:
      return {BuiltinOptions::ResizeNearestNeighborOptions,
              tflite::CreateResizeNearestNeighborOptions(
                  builder, o.align_corners, o.half_pixel_centers)
                  .Union()};
    case OpCode::kPack:
      return {BuiltinOptions::PackOptions,
              tflite::CreatePackOptions(builder, o.count, o.axis).Union()};
    case OpCode::kUnpack:
      return {BuiltinOptions::UnpackOptions,
              tflite::CreateUnpackOptions(builder, o.count, o.axis).Union()};
    case OpCode::kSplit:
      return {BuiltinOptions::SplitOptions,
              tflite::CreateSplitOptions(builder, o.count).Union()};
    case OpCode::kSplitV:
      return {BuiltinOptions::SplitVOptions,
              tflite::CreateSplitVOptions(builder, o.count).Union()};
    case OpCode::kDepthToSpace:
      return {BuiltinOptions::DepthToSpaceOptions,
              tflite::CreateDepthToSpaceOptions(builder, o.block_size).Union()};
    case OpCode::kSpaceToDepth:
      return {BuiltinOptions::SpaceToDepthOptions,
              tflite::CreateSpaceToDepthOptions(builder, o.block_size).Union()};
    default:
      return {};
  }
}

}  // namespace sotto::runtime
