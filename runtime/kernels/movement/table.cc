#include "runtime/kernels/registry.h"

namespace sotto::runtime {

extern const Kernel kConcatenation, kDensify, kExpandDims, kPack, kPad, kPadV2,
    kRank, kReshape, kShape, kSplit, kSplitV, kSqueeze, kStridedSlice, kUnpack;

namespace {

constexpr KernelTier kReference = KernelTier::kReference;

constexpr KernelRow kRows[] = {
    {OpCode::kConcatenation, kReference, &kConcatenation, "concatenation"},
    {OpCode::kDensify, kReference, &kDensify, "densify"},
    {OpCode::kExpandDims, kReference, &kExpandDims, "expand_dims"},
    {OpCode::kPack, kReference, &kPack, "pack"},
    {OpCode::kPad, kReference, &kPad, "pad"},
    {OpCode::kPadv2, kReference, &kPadV2, "pad_v2"},
    {OpCode::kRank, kReference, &kRank, "rank"},
    {OpCode::kReshape, kReference, &kReshape, "reshape"},
    {OpCode::kShape, kReference, &kShape, "shape"},
    {OpCode::kSplit, kReference, &kSplit, "split"},
    {OpCode::kSplitV, kReference, &kSplitV, "split_v"},
    {OpCode::kSqueeze, kReference, &kSqueeze, "squeeze"},
    {OpCode::kStridedSlice, kReference, &kStridedSlice, "strided_slice"},
    {OpCode::kUnpack, kReference, &kUnpack, "unpack"},
};

}  // namespace

KernelTable MovementKernels() { return kRows; }

}  // namespace sotto::runtime
