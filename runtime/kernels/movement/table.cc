#include "runtime/kernels/selection.h"

namespace sotto::runtime {

extern const Kernel kBatchToSpaceNd, kBroadcastTo, kConcatenation, kDensify,
    kDepthToSpace, kDynamicUpdateSlice, kExpandDims, kFill, kGather, kGatherNd,
    kMirrorPad, kOneHot, kPack, kPad, kPadV2, kRange, kRank, kReshape,
    kReverseV2, kScatterNd, kShape, kSlice, kSpaceToBatchNd, kSpaceToDepth,
    kSplit, kSplitV, kSqueeze, kStridedSlice, kTile, kTranspose, kUnpack;

namespace {

constexpr KernelTier kReference = KernelTier::kReference;

constexpr KernelRow kRows[] = {
    {OpCode::kBatchToSpaceNd, kReference, &kBatchToSpaceNd,
     "batch_to_space_nd"},
    {OpCode::kBroadcastTo, kReference, &kBroadcastTo, "broadcast_to"},
    {OpCode::kConcatenation, kReference, &kConcatenation, "concatenation"},
    {OpCode::kDensify, kReference, &kDensify, "densify"},
    {OpCode::kDepthToSpace, kReference, &kDepthToSpace, "depth_to_space"},
    {OpCode::kDynamicUpdateSlice, kReference, &kDynamicUpdateSlice,
     "dynamic_update_slice"},
    {OpCode::kExpandDims, kReference, &kExpandDims, "expand_dims"},
    {OpCode::kFill, kReference, &kFill, "fill"},
    {OpCode::kGather, kReference, &kGather, "gather"},
    {OpCode::kGatherNd, kReference, &kGatherNd, "gather_nd"},
    {OpCode::kMirrorPad, kReference, &kMirrorPad, "mirror_pad"},
    {OpCode::kOneHot, kReference, &kOneHot, "one_hot"},
    {OpCode::kPack, kReference, &kPack, "pack"},
    {OpCode::kPad, kReference, &kPad, "pad"},
    {OpCode::kPadv2, kReference, &kPadV2, "pad_v2"},
    {OpCode::kRange, kReference, &kRange, "range"},
    {OpCode::kRank, kReference, &kRank, "rank"},
    {OpCode::kReshape, kReference, &kReshape, "reshape"},
    {OpCode::kReverseV2, kReference, &kReverseV2, "reverse_v2"},
    {OpCode::kScatterNd, kReference, &kScatterNd, "scatter_nd"},
    {OpCode::kShape, kReference, &kShape, "shape"},
    {OpCode::kSlice, kReference, &kSlice, "slice"},
    {OpCode::kSpaceToBatchNd, kReference, &kSpaceToBatchNd,
     "space_to_batch_nd"},
    {OpCode::kSpaceToDepth, kReference, &kSpaceToDepth, "space_to_depth"},
    {OpCode::kSplit, kReference, &kSplit, "split"},
    {OpCode::kSplitV, kReference, &kSplitV, "split_v"},
    {OpCode::kSqueeze, kReference, &kSqueeze, "squeeze"},
    {OpCode::kStridedSlice, kReference, &kStridedSlice, "strided_slice"},
    {OpCode::kTile, kReference, &kTile, "tile"},
    {OpCode::kTranspose, kReference, &kTranspose, "transpose"},
    {OpCode::kUnpack, kReference, &kUnpack, "unpack"},
};

}  // namespace

KernelTable MovementKernels() { return SelectedRows<kRows>(); }

}  // namespace sotto::runtime
