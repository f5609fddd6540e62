#include "runtime/micro/kernel_list.h"
#include "runtime/micro/registry.h"

namespace sotto::runtime {

#define SOTTO_DECLARE(code, name) extern const Kernel name;
SOTTO_MICRO_KERNELS(SOTTO_DECLARE)
#undef SOTTO_DECLARE

namespace {

#define SOTTO_ROW(code, name) {OpCode::code, &name},
constexpr MicroKernel kRows[] = {SOTTO_MICRO_KERNELS(SOTTO_ROW)};
#undef SOTTO_ROW

}  // namespace

MicroRegistry AllMicroKernels() { return kRows; }

}  // namespace sotto::runtime
