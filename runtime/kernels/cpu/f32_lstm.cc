// UNIDIRECTIONAL_SEQUENCE_LSTM of the plain form, on packed f32 weights: all
// four gates, no peepholes, norms or projection, tanh. For each step, with s
// the logistic function:
//
//   z_k = W_k x + R_k h + b_k
//   c = clip(s(z_f) * c + s(z_i) * tanh(z_g)),  h = s(z_o) * tanh(c)
//
//   in, out  as in recurrent/sequence_lstm.cc; weights and biases constant
//
// A panel holds 16 cells: [bias row, then inputs + cells rows][gate][16], zeros
// behind the last cell. So the four gates of a cell meet in the same lane, and
// a step reads each weight once, in the order it lies. Sums in that order,
// whatever the number of threads.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/kernels/cpu/f32_lstm.cc"
#include "runtime/kernels/cpu/f32_targets.h"
// f32_targets.h first.
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include <algorithm>
#include <cstdint>
#include <utility>

#include "hwy/highway.h"
#include "runtime/kernels/cpu/f32_exp-inl.h"
#include "runtime/kernels/recurrent/lstm_cell.h"

#ifndef SOTTO_RUNTIME_KERNELS_CPU_F32_LSTM_
#define SOTTO_RUNTIME_KERNELS_CPU_F32_LSTM_
namespace sotto::runtime {

constexpr std::size_t kPanelCells = 16;
constexpr std::size_t kGates = 4;
constexpr std::size_t kPanelColumns = kGates * kPanelCells;

// One step of one batch row. h, next and c have whole panels.
struct F32LstmStep {
  std::size_t inputs = 0, cells = 0;
  const float* packed = nullptr;
  const float* x = nullptr;
  const float* h = nullptr;
  float* next = nullptr;  // the new h
  float* c = nullptr;
  float clip = 0.0f;  // 0: none
};

}  // namespace sotto::runtime
#endif  // SOTTO_RUNTIME_KERNELS_CPU_F32_LSTM_

HWY_BEFORE_NAMESPACE();
namespace sotto::runtime {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, kPanelCells>;
using V = hn::Vec<D>;
constexpr std::size_t kLanes = hn::MaxLanes(D());
// A part is as many cells as a vector holds; its 4 gates, even and odd rows
// apart, are summed in 8 registers, so that no addition waits for the last.
constexpr std::size_t kParts = kPanelCells / kLanes;

HWY_INLINE V Logistic(D d, V v) {
  const V one = hn::Set(d, 1.0f);
  return hn::Div(one, hn::Add(one, F32Exp<D>(d, hn::Neg(v)).Exp()));
}

HWY_INLINE V Tanh(D d, V v) {
  const V t = F32Exp<D>(d, hn::Mul(hn::Abs(v), hn::Set(d, -2.0f))).MinusOne(d);
  return hn::CopySign(hn::Div(t, hn::Add(t, hn::Set(d, 2.0f))), v);
}

// sums += v[i] * row i, for `rows` rows; odd rows into `more`.
HWY_INLINE void Accumulate(const float* v, const float* w, std::size_t rows,
                           V* HWY_RESTRICT sums, V* HWY_RESTRICT more) {
  const D d;
  std::size_t i = 0;
  for (; i + 2 <= rows; i += 2, w += 2 * kPanelColumns) {
    const V first = hn::Set(d, v[i]), second = hn::Set(d, v[i + 1]);
    for (std::size_t g = 0; g < kGates; ++g) {
      sums[g] = hn::MulAdd(first, hn::LoadU(d, w + g * kPanelCells), sums[g]);
      more[g] = hn::MulAdd(
          second, hn::LoadU(d, w + kPanelColumns + g * kPanelCells), more[g]);
    }
  }
  if (i == rows) return;
  const V last = hn::Set(d, v[i]);
  for (std::size_t g = 0; g < kGates; ++g) {
    sums[g] = hn::MulAdd(last, hn::LoadU(d, w + g * kPanelCells), sums[g]);
  }
}

// The cells of panels [first, last).
void LstmPanels(const F32LstmStep& step, std::size_t first, std::size_t last) {
  const D d;
  const std::size_t rows = 1 + step.inputs + step.cells;
  for (std::size_t part = first * kParts; part < last * kParts; ++part) {
    const float* w = step.packed + part / kParts * rows * kPanelColumns +
                     part % kParts * kLanes;
    V sums[kGates], more[kGates];
    for (std::size_t g = 0; g < kGates; ++g) {
      sums[g] = hn::LoadU(d, w + g * kPanelCells);
      more[g] = hn::Zero(d);
    }
    w += kPanelColumns;
    Accumulate(step.x, w, step.inputs, sums, more);
    w += step.inputs * kPanelColumns;
    Accumulate(step.h, w, step.cells, sums, more);
    for (std::size_t g = 0; g < kGates; ++g) {
      sums[g] = hn::Add(sums[g], more[g]);
    }
    float* const at = step.c + part * kLanes;
    const V kept =
        hn::Mul(Logistic(d, sums[LstmCell::kForget]), hn::LoadU(d, at));
    V c = hn::MulAdd(Logistic(d, sums[LstmCell::kInput]),
                     Tanh(d, sums[LstmCell::kCell]), kept);
    if (step.clip > 0.0f) {
      const V high = hn::Set(d, step.clip), low = hn::Neg(high);
      c = hn::IfThenElse(hn::Gt(c, high), high, c);
      c = hn::IfThenElse(hn::Lt(c, low), low, c);
    }
    hn::StoreU(c, d, at);
    hn::StoreU(hn::Mul(Logistic(d, sums[LstmCell::kOutput]), Tanh(d, c)), d,
               step.next + part * kLanes);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace sotto::runtime
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sotto::runtime {
namespace {

HWY_EXPORT(LstmPanels);

constexpr std::uint32_t kLayout = 0x4c53544d;  // "LSTM"
constexpr std::size_t kWeightsPerNs = 8;       // memory sets the pace

std::size_t Panels(std::size_t cells) {
  return (cells + kPanelCells - 1) / kPanelCells;
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  StatusCode code = CheckLstmOperands(context, op);
  if (code != StatusCode::kOk) return code;
  const Tensor& x = *op.inputs[0];
  Tensor& y = *op.outputs[0];
  const LstmCell cell = ReadLstmCell(op);
  bool plain = x.type == ElementType::kFloat32 &&
               y.type == ElementType::kFloat32 && x.shape.rank == 3 &&
               op.options.activation == Activation::kTanh &&
               cell.projection == nullptr && cell.projection_bias == nullptr;
  for (const LstmGate& gate : cell.gates) {
    const Tensor* const weights[] = {gate.input, gate.recurrent, gate.bias};
    for (const Tensor* w : weights) {
      plain = plain && w != nullptr && w->is_constant &&
              w->type == ElementType::kFloat32;
    }
    plain = plain && gate.peephole == nullptr && gate.norm == nullptr;
  }
  if (!plain) {
    return context.Fail(StatusCode::kUnimplemented, "not the plain form");
  }
  code = CheckLstmCell(context, cell, op.options,
                       x.shape[op.options.time_major ? 1 : 0], x.shape[2], 0);
  if (code != StatusCode::kOk) return code;
  y.shape = x.shape;
  y.shape.dims[2] = static_cast<std::int32_t>(cell.cells());
  y.is_dynamic = false;
  const std::size_t panels = Panels(cell.cells());
  const std::size_t rows = 1 + cell.inputs() + cell.cells();
  constexpr std::size_t kMost = (SIZE_MAX >> 2) / sizeof(float) / kPanelColumns;
  if (panels > kMost / rows) {
    return context.Fail(StatusCode::kResourceExhausted, "too large");
  }
  // h, the new h, c.
  context.RequestScratch(3 * panels * kPanelCells * sizeof(float));
  context.RequestPacked(panels * rows * kPanelColumns * sizeof(float), kLayout);
  return StatusCode::kOk;
}

void Pack(const Op& op) {
  const LstmCell cell = ReadLstmCell(op);
  const std::size_t inputs = cell.inputs(), cells = cell.cells();
  auto* to = static_cast<float*>(op.packed);
  for (std::size_t first = 0; first < cells; first += kPanelCells) {
    for (std::size_t row = 0; row < 1 + inputs + cells; ++row) {
      for (const LstmGate& gate : cell.gates) {
        for (std::size_t i = first; i < first + kPanelCells; ++i) {
          *to++ = i >= cells ? 0.0f
                  : row == 0 ? gate.bias->floats()[i]
                  : row <= inputs
                      ? gate.input->floats()[i * inputs + row - 1]
                      : gate.recurrent->floats()[i * cells + row - 1 - inputs];
        }
      }
    }
  }
}

StatusCode Eval(EvalContext& context, const Op& op) {
  const LstmCell cell = ReadLstmCell(op);
  const Shape& shape = op.inputs[0]->shape;
  const bool time_major = op.options.time_major;
  const auto times = static_cast<std::size_t>(shape[time_major ? 0 : 1]);
  const auto batch = static_cast<std::size_t>(shape[time_major ? 1 : 0]);
  const std::size_t inputs = cell.inputs(), cells = cell.cells();
  const std::size_t panels = Panels(cells), padded = panels * kPanelCells;
  const auto compute = HWY_DYNAMIC_DISPATCH(LstmPanels);
  auto* const scratch = static_cast<float*>(op.scratch);
  std::fill_n(scratch, 3 * padded, 0.0f);
  F32LstmStep step = {.inputs = inputs,
                      .cells = cells,
                      .packed = static_cast<const float*>(op.packed),
                      .c = scratch + 2 * padded,
                      .clip = op.options.cell_clip};
  const std::size_t cost = (inputs + cells) * cells * kGates / kWeightsPerNs;
  for (std::size_t b = 0; b < batch; ++b) {
    float* const hidden = cell.hidden->floats() + b * cells;
    float* const state = cell.cell->floats() + b * cells;
    float *h = scratch, *next = scratch + padded;
    std::copy_n(hidden, cells, h);
    std::copy_n(state, cells, step.c);
    for (std::size_t t = 0; t < times; ++t) {
      const std::size_t at = time_major ? t * batch + b : b * times + t;
      step.x = op.inputs[0]->floats() + at * inputs;
      step.h = h;
      step.next = next;
      context.ParallelFor(panels, 1, cost,
                          [&](std::size_t first, std::size_t last, int) {
                            compute(step, first, last);
                          });
      std::swap(h, next);
      std::copy_n(h, cells, op.outputs[0]->floats() + at * cells);
    }
    std::copy_n(h, cells, hidden);
    std::copy_n(step.c, cells, state);
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kPackedSequenceLstmF32 = {Prepare, Eval, Pack};

}  // namespace sotto::runtime
#endif  // HWY_ONCE
