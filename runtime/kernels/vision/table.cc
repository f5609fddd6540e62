#include "runtime/kernels/selection.h"

namespace sotto::runtime {

extern const Kernel kDetectionPostProcessReference,
    kNonMaxSuppressionV4Reference, kNonMaxSuppressionV5Reference,
    kResizeBilinearReference, kResizeNearestNeighborReference;

namespace {

constexpr KernelTier kReference = KernelTier::kReference;

constexpr KernelRow kRows[] = {
    {OpCode::kResizeBilinear, kReference, &kResizeBilinearReference,
     "resize_bilinear"},
    {OpCode::kResizeNearestNeighbor, kReference,
     &kResizeNearestNeighborReference, "resize_nearest_neighbor"},
    {OpCode::kNonMaxSuppressionV4, kReference, &kNonMaxSuppressionV4Reference,
     "non_max_suppression_v4"},
    {OpCode::kNonMaxSuppressionV5, kReference, &kNonMaxSuppressionV5Reference,
     "non_max_suppression_v5"},
    {OpCode::kDetectionPostProcess, kReference, &kDetectionPostProcessReference,
     "detection_post_process"},
};

}  // namespace

KernelTable VisionKernels() { return SelectedRows<kRows>(); }

}  // namespace sotto::runtime
