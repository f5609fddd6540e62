#include "runtime/kernels/selection.h"

namespace sotto::runtime {

extern const Kernel kAssignVariable, kCallOnce, kIf, kReadVariable,
    kStablehloComposite, kVarHandle, kWhile;

namespace {

constexpr KernelTier kReference = KernelTier::kReference;

constexpr KernelRow kRows[] = {
    {OpCode::kAssignVariable, kReference, &kAssignVariable, "assign_variable"},
    {OpCode::kCallOnce, kReference, &kCallOnce, "call_once"},
    {OpCode::kIf, kReference, &kIf, "if"},
    {OpCode::kReadVariable, kReference, &kReadVariable, "read_variable"},
    {OpCode::kStablehloComposite, kReference, &kStablehloComposite,
     "stablehlo_composite"},
    {OpCode::kVarHandle, kReference, &kVarHandle, "var_handle"},
    {OpCode::kWhile, kReference, &kWhile, "while"},
};

}  // namespace

KernelTable ControlKernels() { return SelectedRows<kRows>(); }

}  // namespace sotto::runtime
