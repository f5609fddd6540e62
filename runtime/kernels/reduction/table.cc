#include "runtime/kernels/selection.h"

namespace sotto::runtime {

extern const Kernel kArgMaxReference, kArgMinReference, kCumsumReference,
    kMeanReference, kReduceAllReference, kReduceAnyReference,
    kReduceMaxReference, kReduceMinReference, kReduceProdQuantizedReference,
    kReduceProdReference, kMeanQuantizedReference, kSumQuantizedReference,
    kSumReference, kTopKV2Reference;

namespace {

constexpr KernelTier kReference = KernelTier::kReference;

constexpr KernelRow kRows[] = {
    {OpCode::kMean, kReference, &kMeanReference, "mean"},
    {OpCode::kMean, kReference, &kMeanQuantizedReference, "mean_quantized"},
    {OpCode::kTopKV2, kReference, &kTopKV2Reference, "topk_v2"},
    {OpCode::kArgMax, kReference, &kArgMaxReference, "arg_max"},
    {OpCode::kSum, kReference, &kSumReference, "sum"},
    {OpCode::kSum, kReference, &kSumQuantizedReference, "sum_quantized"},
    {OpCode::kArgMin, kReference, &kArgMinReference, "arg_min"},
    {OpCode::kReduceProd, kReference, &kReduceProdReference, "reduce_prod"},
    {OpCode::kReduceProd, kReference, &kReduceProdQuantizedReference,
     "reduce_prod_quantized"},
    {OpCode::kReduceMax, kReference, &kReduceMaxReference, "reduce_max"},
    {OpCode::kReduceMin, kReference, &kReduceMinReference, "reduce_min"},
    {OpCode::kReduceAny, kReference, &kReduceAnyReference, "reduce_any"},
    {OpCode::kCumsum, kReference, &kCumsumReference, "cumsum"},
    {OpCode::kReduceAll, kReference, &kReduceAllReference, "reduce_all"},
};

}  // namespace

KernelTable ReductionKernels() { return SelectedRows<kRows>(); }

}  // namespace sotto::runtime
