// One step of a graph: an operator of the file, several fused ones, or a part
// that a delegate runs.

#ifndef SOTTO_RUNTIME_HOST_NODE_H_
#define SOTTO_RUNTIME_HOST_NODE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/core/kernel.h"
#include "runtime/host/aligned_buffer.h"
#include "runtime/kernels/registry.h"

namespace sotto::runtime {

struct Node {
  OpCode code = OpCode::kAdd;
  std::int32_t op_index = 0;  // in the file's graph; the last one when fused
  std::vector<Tensor*> inputs, outputs, intermediates;
  Op op;  // spans of the three
  const Kernel* kernel = nullptr;
  const char* label = "";  // of the kernel
  std::size_t scratch_bytes = 0, packed_bytes = 0;
  std::uint32_t packed_layout = 0;
  std::int32_t in_place_output = -1, in_place_input = -1;
  // Shapes of its inputs are known only while the graph runs: prepared then.
  bool deferred = false;
  bool folded = false;                   // its outputs are constants already
  std::vector<Shape> prepared_for;       // deferred: shapes of the inputs
  std::uint64_t prepared_at = 0;         // shape_changes_ of the runner then
  AlignedBuffer state, scratch, packed;  // the latter two: deferred
  // Of op.packed, or a delegate's part.
  std::shared_ptr<const void> owner;

  void Bind() {
    op.inputs = inputs;
    op.outputs = outputs;
    op.intermediates = intermediates;
  }
};

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_HOST_NODE_H_
