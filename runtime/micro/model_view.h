// A .tflite file as it lies in memory: its first subgraph's tensors and
// operators, decoded each time they are asked for, so that none of it takes
// RAM.
//
// The file begins at a multiple of 16 bytes and stays as it is. Constants and
// scales are used in place; a file that does not align them to their elements
// is refused.

#ifndef SOTTO_RUNTIME_MICRO_MODEL_VIEW_H_
#define SOTTO_RUNTIME_MICRO_MODEL_VIEW_H_

#include <cstdint>
#include <span>

#include "base/status_code.h"
#include "runtime/core/options.h"
#include "runtime/core/tensor.h"
#include "runtime/kernels/op_code.h"
#include "runtime/micro/flat_file.h"

namespace sotto::runtime {

// The tensor numbers that an operator names; -1 is an absent one.
struct OperatorView {
  OpCode code = OpCode::kAdd;
  FlatVector inputs, outputs, intermediates;
  FlatTable table;  // tflite.Operator
};

class ModelView {
 public:
  static constexpr std::uint32_t kMaxTensors = 0x7ff0, kMaxOperators = 0x7ff0;

  explicit ModelView(std::span<const std::uint8_t> file) : file_(file) {}
  ModelView(const ModelView&) = delete;
  ModelView& operator=(const ModelView&) = delete;

  // Whether anything that was read so far, options too, is out of bounds.
  bool bad() const { return file_.bad(); }

  // INVALID_ARGUMENT: not a .tflite file. UNIMPLEMENTED: too many tensors or
  // operators.
  StatusCode Open();
  // After Open.
  std::uint32_t num_tensors() const { return tensors_.count; }
  std::uint32_t num_operators() const { return operators_.count; }
  const FlatVector& inputs() const { return inputs_; }
  const FlatVector& outputs() const { return outputs_; }

  // Everything of tensor `index`; data is null unless it is a constant.
  // INVALID_ARGUMENT: inconsistent. UNIMPLEMENTED: a type or form that the
  // micro profile lacks. ReadTensor relies on CheckTensor, which also looks at
  // every scale and zero point.
  StatusCode ReadTensor(std::uint32_t index, Tensor& tensor) const;
  StatusCode CheckTensor(std::uint32_t index) const;

  // Indices are checked against num_tensors; only inputs and intermediates may
  // be absent. UNIMPLEMENTED: a custom operator.
  StatusCode ReadOperator(std::uint32_t index, OperatorView& op) const;

 private:
  StatusCode ReadQuantization(const FlatTable& in, Tensor& tensor) const;
  bool IndicesFit(const FlatVector& indices, std::int32_t least) const;

  FlatFile file_;
  FlatTable graph_;
  FlatVector tensors_, operators_, inputs_, outputs_, buffers_, codes_;
};

// The option table of an operator that the micro profile has, as
// runtime/loader reads it. INVALID_ARGUMENT: missing, or a value out of range.
// UNIMPLEMENTED: an operator or option that the micro profile lacks.
StatusCode ReadMicroOptions(const OperatorView& op, ElementType out_type,
                            Options& options);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_MICRO_MODEL_VIEW_H_
