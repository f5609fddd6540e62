// LSTM, RNN and SVDF: a few invocations in sequence, so that states count.
//
// Inputs of an LSTM, in the format's order: x; weights of x for the input,
// forget, cell and output gates; of the state for the same; peepholes of input,
// forget, output gates; biases of the four gates; projection and its bias; the
// output state, the cell state; layer normalisation of the four gates.

#include "tests/conformance/case.h"

namespace sotto::conformance {
namespace {

using runtime::Activation;

constexpr std::int32_t kIn = 5, kCells = 7, kBatch = 2, kTime = 3;

struct Lstm {
  std::string name;
  bool coupled = false;  // no input gate
  bool peephole = false;
  std::int32_t projected = 0;  // 0: no projection
  bool normalised = false;
  ElementType weights = kF32;
  bool time_major = false;
  float cell_clip = 0.0f;
};

Operand Weights(ElementType type, Dims dims) {
  return type == kF32
             ? Drawn(kF32, std::move(dims), {-0.7, 0.7})
             : Drawn(type, std::move(dims), {-127, 127}, Scale(0.006f));
}

// The 17 operands after x: weights, peepholes, biases, projection.
std::vector<Operand> GateOperands(const Lstm& l, std::int32_t out) {
  std::vector<Operand> made;
  for (int i = 0; i < 8; ++i) {
    const bool gone = l.coupled && i % 4 == 0;
    made.push_back(gone ? Absent()
                        : Weights(l.weights, {kCells, i < 4 ? kIn : out}));
  }
  for (int i = 0; i < 3; ++i) {
    const bool gone = !l.peephole || (l.coupled && i == 0);
    made.push_back(gone ? Absent() : Weights(l.weights, {kCells}));
  }
  for (int i = 0; i < 4; ++i) {
    made.push_back(l.coupled && i == 0 ? Absent()
                                       : Drawn(kF32, {kCells}, {-0.5, 0.5}));
  }
  if (l.projected > 0) {
    made.push_back(Weights(l.weights, {l.projected, kCells}));
    made.push_back(Drawn(kF32, {l.projected}, {-0.1, 0.1}));
  } else {
    made.push_back(Absent());
    made.push_back(Absent());
  }
  return made;
}

Case Sequence(const Lstm& l) {
  const std::int32_t out = l.projected > 0 ? l.projected : kCells;
  Options options;
  options.activation = Activation::kTanh;
  options.cell_clip = l.cell_clip;
  options.time_major = l.time_major;
  OpSpec spec = {
      .name = "unidirectional_sequence_lstm_" + l.name,
      .code = OpCode::kUnidirectionalSequenceLstm,
      .version = l.weights == kF32 ? 1 : 2,
      .options = options,
      .inputs = {Input(kF32, l.time_major ? Dims{kTime, kBatch, kIn}
                                          : Dims{kBatch, kTime, kIn})},
      .outputs = {Output(kF32)},
      .intermediates = {},
      .invocations = 2};
  for (Operand& o : GateOperands(l, out)) spec.inputs.push_back(std::move(o));
  spec.inputs.push_back(Variable(kF32, {kBatch, out}));
  spec.inputs.push_back(Variable(kF32, {kBatch, kCells}));
  for (int i = 0; i < 4 && l.normalised; ++i) {
    spec.inputs.push_back(
        l.coupled && i == 0 ? Absent() : Drawn(kF32, {kCells}, {0.5, 1.5}));
  }
  return OneOp(spec);
}

// int8 activations and weights, int16 cells.
Case IntegerSequence() {
  const Quantization x = Scale(1.0f / 128, 0), w = Scale(0.006f),
                     h = Scale(1.0f / 128, -4), cell = Scale(0x1p-11f);
  Options options;
  options.activation = Activation::kTanh;
  OpSpec spec = {.name = "unidirectional_sequence_lstm_i8",
                 .code = OpCode::kUnidirectionalSequenceLstm,
                 .version = 3,
                 .options = options,
                 .inputs = {Input(kI8, {kBatch, kTime, kIn}, x)},
                 .outputs = {Output(kI8, h)},
                 .intermediates = {},
                 .invocations = 2};
  for (int i = 0; i < 8; ++i) {
    spec.inputs.push_back(
        Drawn(kI8, {kCells, i < 4 ? kIn : kCells}, {-127, 127}, w));
  }
  for (int i = 0; i < 3; ++i) spec.inputs.push_back(Absent());
  for (int i = 0; i < 4; ++i) {
    spec.inputs.push_back(
        Drawn(kI32, {kCells}, {-8000, 8000}, Scale(0.006f / 128)));
  }
  spec.inputs.push_back(Absent());
  spec.inputs.push_back(Absent());
  spec.inputs.push_back(Variable(kI8, {kBatch, kCells}, h));
  spec.inputs.push_back(Variable(kI16, {kBatch, kCells}, cell));
  for (int i = 0; i < 4; ++i) {
    spec.intermediates.push_back(Output(kI16, Scale(0x1p-12f)));
  }
  spec.intermediates.push_back(Output(kI8, h));
  return OneOp(spec);
}

Case Bidirectional(bool merged) {
  const Lstm l = {.name = ""};
  Options options;
  options.activation = Activation::kTanh;
  options.merge_outputs = merged;
  OpSpec spec = {.name = merged ? "bidirectional_sequence_lstm_merged"
                                : "bidirectional_sequence_lstm",
                 .code = OpCode::kBidirectionalSequenceLstm,
                 .options = options,
                 .inputs = {Input(kF32, {kTime, kBatch, kIn})},
                 .outputs = {Output(kF32)},
                 .intermediates = {},
                 .invocations = 2};
  spec.options.time_major = true;
  for (int direction = 0; direction < 2; ++direction) {
    for (Operand& o : GateOperands(l, kCells)) {
      spec.inputs.push_back(std::move(o));
    }
  }
  for (int i = 0; i < 4; ++i) {
    spec.inputs.push_back(Variable(kF32, {kBatch, kCells}));
  }
  for (int i = 0; i < 9; ++i) spec.inputs.push_back(Absent());
  if (!merged) spec.outputs.push_back(Output(kF32));
  return OneOp(spec);
}

Case Rnn(ElementType weights, bool sequence) {
  Options options;
  options.activation = Activation::kTanh;
  return OneOp(
      {.name = std::string(sequence ? "unidirectional_sequence_rnn_" : "rnn_") +
               (weights == kF32 ? "f32" : "hybrid"),
       .code = sequence ? OpCode::kUnidirectionalSequenceRnn : OpCode::kRnn,
       .version = weights == kF32 ? 1 : 2,
       .options = options,
       .inputs = {Input(kF32, sequence ? Dims{kBatch, kTime, kIn}
                                       : Dims{kBatch, kIn}),
                  Weights(weights, {kCells, kIn}),
                  Weights(weights, {kCells, kCells}),
                  Drawn(kF32, {kCells}, {-0.5, 0.5}),
                  Variable(kF32, {kBatch, kCells})},
       .outputs = {Output(kF32)},
       .intermediates = {},
       .invocations = 3});
}

Case Svdf(const std::string& name, std::int32_t rank, ElementType weights) {
  constexpr std::int32_t kUnits = 4, kMemory = 6;
  Options options;
  options.rank = rank;
  options.activation = Activation::kRelu;
  return OneOp({.name = "svdf_" + name,
                .code = OpCode::kSvdf,
                .version = weights == kF32 ? 1 : 2,
                .options = options,
                .inputs = {Input(kF32, {kBatch, kIn}),
                           Weights(weights, {kUnits * rank, kIn}),
                           Weights(weights, {kUnits * rank, kMemory}),
                           Drawn(kF32, {kUnits}, {-0.5, 0.5}),
                           Variable(kF32, {kBatch, kMemory * kUnits * rank})},
                .outputs = {Output(kF32)},
                .intermediates = {},
                .invocations = 4});
}

Case IntegerSvdf() {
  constexpr std::int32_t kUnits = 4, kMemory = 6, kRank = 2;
  Options options;
  options.rank = kRank;
  options.activation = Activation::kRelu;
  const Quantization state = Scale(1.0f / 4096);
  return OneOp(
      {.name = "svdf_i8",
       .code = OpCode::kSvdf,
       .version = 3,
       .options = options,
       .inputs = {Input(kI8, {kBatch, kIn}, Scale(1.0f / 128, 2)),
                  Drawn(kI8, {kUnits * kRank, kIn}, {-127, 127}, Scale(0.006f)),
                  Drawn(kI16, {kUnits * kRank, kMemory}, {-32767, 32767},
                        Scale(0.7f / 32768)),
                  Drawn(kI32, {kUnits}, {-30000, 30000},
                        Scale(0.7f / 32768 / 4096)),
                  Variable(kI16, {kBatch, kMemory * kUnits * kRank}, state)},
       .outputs = {Output(kI8, Scale(0.015f, -128))},
       .intermediates = {},
       .invocations = 4});
}

// The old form: one step, four outputs, weights of x and state side by side.
Case BasicLstm() {
  Options options;
  options.activation = Activation::kTanh;
  options.basic_cell = true;
  return OneOp(
      {.name = "lstm_basic",
       .code = OpCode::kLstm,
       .version = 2,
       .options = options,
       .inputs = {Input(kF32, {kBatch, kIn}), Input(kF32, {kBatch, kCells}),
                  Drawn(kF32, {4 * kCells, kIn + kCells}, {-0.7, 0.7}),
                  Drawn(kF32, {4 * kCells}, {-0.5, 0.5}),
                  Input(kF32, {kBatch, kCells})},
       .outputs = {Output(kF32), Output(kF32), Output(kF32), Output(kF32)}});
}

Case Step() {
  const Lstm l = {.name = "", .peephole = true};
  Options options;
  options.activation = Activation::kTanh;
  OpSpec spec = {.name = "lstm_full",
                 .code = OpCode::kLstm,
                 .options = options,
                 .inputs = {Input(kF32, {kBatch, kIn})},
                 .outputs = {Output(kF32)},
                 .intermediates = {},
                 .invocations = 3};
  for (Operand& o : GateOperands(l, kCells))
    spec.inputs.push_back(std::move(o));
  spec.inputs.push_back(Variable(kF32, {kBatch, kCells}));
  spec.inputs.push_back(Variable(kF32, {kBatch, kCells}));
  return OneOp(spec);
}

}  // namespace

std::vector<Case> RecurrentCases() {
  std::vector<Case> cases;
  for (const Lstm& l : {
           Lstm{.name = "plain"},
           Lstm{.name = "time_major", .time_major = true},
           Lstm{.name = "clipped", .cell_clip = 0.3f},
           Lstm{.name = "coupled", .coupled = true},
           Lstm{.name = "peephole", .peephole = true},
           Lstm{.name = "projected", .projected = 4},
           Lstm{.name = "normalised", .normalised = true},
           Lstm{.name = "everything",
           .coupled = true,
           .peephole = true,
           .projected = 4,
           .normalised = true},
           Lstm{.name = "hybrid", .weights = kI8},
           Lstm{.name = "hybrid_projected", .projected = 4, .weights = kI8},
       }) {
    cases.push_back(Sequence(l));
  }
  cases.push_back(IntegerSequence());
  cases.push_back(Bidirectional(false));
  cases.push_back(Bidirectional(true));
  for (const bool sequence : {false, true}) {
    cases.push_back(Rnn(kF32, sequence));
    cases.push_back(Rnn(kI8, sequence));
  }
  cases.push_back(Svdf("f32_rank_1", 1, kF32));
  cases.push_back(Svdf("f32_rank_2", 2, kF32));
  cases.push_back(Svdf("hybrid", 1, kI8));
  cases.push_back(IntegerSvdf());
  cases.push_back(BasicLstm());
  cases.push_back(Step());
  return cases;
}

}  // namespace sotto::conformance
