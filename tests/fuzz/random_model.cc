#include "tests/fuzz/random_model.h"

#include <cstring>
#include <string>

namespace sotto::runtime {
namespace {

using T = ElementType;

constexpr T kTypes[] = {T::kFloat32, T::kInt8,    T::kUint8, T::kInt16,
                        T::kInt32,   T::kInt64,   T::kBool,  T::kFloat16,
                        T::kFloat32, T::kFloat32, T::kInt8};

// What the inputs of an operator look like.
enum class Kind : std::uint8_t {
  kUnary,     // x
  kBinary,    // x, y of one type
  kShaped,    // x, integers
  kWeighted,  // x [n,h,w,c], weights, bias
  kDense,     // x, weights [out, depth], bias
  kPool,      // x [n,h,w,c]
  kTernary,   // x, y, z
  kFree,      // any number of anything
};

struct Row {
  Kind kind;
  OpCode code;
};

constexpr Row kRows[] = {
    {Kind::kWeighted, OpCode::kConv2D},
    {Kind::kWeighted, OpCode::kDepthwiseConv2D},
    {Kind::kWeighted, OpCode::kTransposeConv},
    {Kind::kWeighted, OpCode::kConv3D},
    {Kind::kDense, OpCode::kFullyConnected},
    {Kind::kDense, OpCode::kBatchMatmul},
    {Kind::kPool, OpCode::kMaxPool2D},
    {Kind::kPool, OpCode::kAveragePool2D},
    {Kind::kPool, OpCode::kDepthToSpace},
    {Kind::kPool, OpCode::kSpaceToDepth},
    {Kind::kUnary, OpCode::kSoftmax},
    {Kind::kUnary, OpCode::kLogSoftmax},
    {Kind::kUnary, OpCode::kL2Normalization},
    {Kind::kUnary, OpCode::kRelu},
    {Kind::kUnary, OpCode::kRelu6},
    {Kind::kUnary, OpCode::kReluN1To1},
    {Kind::kUnary, OpCode::kLogistic},
    {Kind::kUnary, OpCode::kTanh},
    {Kind::kUnary, OpCode::kHardSwish},
    {Kind::kUnary, OpCode::kLeakyRelu},
    {Kind::kUnary, OpCode::kElu},
    {Kind::kUnary, OpCode::kGelu},
    {Kind::kUnary, OpCode::kExp},
    {Kind::kUnary, OpCode::kLog},
    {Kind::kUnary, OpCode::kSqrt},
    {Kind::kUnary, OpCode::kRsqrt},
    {Kind::kUnary, OpCode::kAbs},
    {Kind::kUnary, OpCode::kNeg},
    {Kind::kUnary, OpCode::kRound},
    {Kind::kUnary, OpCode::kSquare},
    {Kind::kUnary, OpCode::kSign},
    {Kind::kUnary, OpCode::kCast},
    {Kind::kUnary, OpCode::kQuantize},
    {Kind::kUnary, OpCode::kDequantize},
    {Kind::kUnary, OpCode::kSqueeze},
    {Kind::kUnary, OpCode::kShape},
    {Kind::kUnary, OpCode::kZerosLike},
    {Kind::kUnary, OpCode::kLogicalNot},
    {Kind::kUnary, OpCode::kComplexAbs},
    {Kind::kBinary, OpCode::kAdd},
    {Kind::kBinary, OpCode::kSub},
    {Kind::kBinary, OpCode::kMul},
    {Kind::kBinary, OpCode::kDiv},
    {Kind::kBinary, OpCode::kMaximum},
    {Kind::kBinary, OpCode::kMinimum},
    {Kind::kBinary, OpCode::kPow},
    {Kind::kBinary, OpCode::kFloorDiv},
    {Kind::kBinary, OpCode::kFloorMod},
    {Kind::kBinary, OpCode::kSquaredDifference},
    {Kind::kBinary, OpCode::kPrelu},
    {Kind::kBinary, OpCode::kLess},
    {Kind::kBinary, OpCode::kEqual},
    {Kind::kBinary, OpCode::kGreaterEqual},
    {Kind::kBinary, OpCode::kLogicalAnd},
    {Kind::kBinary, OpCode::kConcatenation},
    {Kind::kBinary, OpCode::kPack},
    {Kind::kBinary, OpCode::kAddN},
    {Kind::kShaped, OpCode::kReshape},
    {Kind::kShaped, OpCode::kTranspose},
    {Kind::kShaped, OpCode::kMean},
    {Kind::kShaped, OpCode::kSum},
    {Kind::kShaped, OpCode::kReduceMax},
    {Kind::kShaped, OpCode::kReduceMin},
    {Kind::kShaped, OpCode::kReduceProd},
    {Kind::kShaped, OpCode::kReduceAny},
    {Kind::kShaped, OpCode::kArgMax},
    {Kind::kShaped, OpCode::kArgMin},
    {Kind::kShaped, OpCode::kPad},
    {Kind::kShaped, OpCode::kMirrorPad},
    {Kind::kShaped, OpCode::kTile},
    {Kind::kShaped, OpCode::kBroadcastTo},
    {Kind::kShaped, OpCode::kExpandDims},
    {Kind::kShaped, OpCode::kReverseV2},
    {Kind::kShaped, OpCode::kCumsum},
    {Kind::kShaped, OpCode::kTopKV2},
    {Kind::kShaped, OpCode::kGather},
    {Kind::kShaped, OpCode::kGatherNd},
    {Kind::kShaped, OpCode::kResizeBilinear},
    {Kind::kShaped, OpCode::kResizeNearestNeighbor},
    {Kind::kShaped, OpCode::kRfft2D},
    {Kind::kTernary, OpCode::kSelect},
    {Kind::kTernary, OpCode::kSelectV2},
    {Kind::kFree, OpCode::kUnpack},
    {Kind::kFree, OpCode::kSplit},
    {Kind::kFree, OpCode::kSplitV},
    {Kind::kFree, OpCode::kSlice},
    {Kind::kFree, OpCode::kStridedSlice},
    {Kind::kFree, OpCode::kSpaceToBatchNd},
    {Kind::kFree, OpCode::kBatchToSpaceNd},
    {Kind::kFree, OpCode::kPadv2},
    {Kind::kFree, OpCode::kFill},
    {Kind::kFree, OpCode::kRange},
    {Kind::kFree, OpCode::kOneHot},
    {Kind::kFree, OpCode::kScatterNd},
    {Kind::kFree, OpCode::kDynamicUpdateSlice},
    {Kind::kFree, OpCode::kEmbeddingLookup},
    {Kind::kFree, OpCode::kNonMaxSuppressionV4},
    {Kind::kFree, OpCode::kNonMaxSuppressionV5},
    {Kind::kFree, OpCode::kSvdf},
    {Kind::kFree, OpCode::kRnn},
    {Kind::kFree, OpCode::kUnidirectionalSequenceRnn},
    {Kind::kFree, OpCode::kUnidirectionalSequenceLstm},
    {Kind::kFree, OpCode::kLstm},
    {Kind::kFree, OpCode::kBidirectionalSequenceLstm},
    {Kind::kFree, OpCode::kIf},
    {Kind::kFree, OpCode::kCallOnce},
    {Kind::kFree, OpCode::kVarHandle},
    {Kind::kFree, OpCode::kReadVariable},
    {Kind::kFree, OpCode::kAssignVariable},
    {Kind::kFree, OpCode::kStablehloComposite},
    {Kind::kFree, OpCode::kDetectionPostProcess},
    {Kind::kFree, OpCode::kConvolution2DTransposeBias},
    {Kind::kFree, OpCode::kSignalWindow},
    {Kind::kFree, OpCode::kSignalFilterBank},
    {Kind::kFree, OpCode::kSignalStacker},
    {Kind::kFree, OpCode::kSignalFramer},
    {Kind::kFree, OpCode::kSignalPcan},
};

class Maker {
 public:
  Maker(Model& owner, Graph& graph, Choices& choices)
      : owner_(owner), graph_(graph), choices_(choices) {}

  void Inputs() {
    for (std::int32_t i = choices_.Int(1, 3); i > 0; --i) {
      graph_.inputs.push_back(
          Add(choices_.OneOf(kTypes), AnyShape(choices_.Int(0, 5))));
    }
  }

  void Operator(bool may_call) {
    const Row row = choices_.OneOf(kRows);
    if (!may_call && row.code == OpCode::kIf) return;
    OpInfo op;
    op.code = row.code;
    op.version = choices_.Int(1, 3);
    FillInputs(row.kind, op);
    FillOptions(op.options);
    const std::int32_t outputs = choices_.OneIn(6) ? choices_.Int(0, 4) : 1;
    for (std::int32_t i = 0; i < outputs; ++i) {
      op.outputs.push_back(Add(OutputType(op), {}));
    }
    graph_.ops.push_back(std::move(op));
  }

  // The last results leave the graph.
  void Outputs() {
    graph_.outputs.clear();
    for (const OpInfo& op : graph_.ops) {
      for (const std::int32_t t : op.outputs) graph_.outputs.push_back(t);
    }
    if (graph_.outputs.size() > 2) {
      graph_.outputs.erase(graph_.outputs.begin(), graph_.outputs.end() - 2);
    }
  }

 private:
  static bool Quantised(T type) {
    return type == T::kInt8 || type == T::kUint8 || type == T::kInt16;
  }

  Shape AnyShape(std::int32_t rank) {
    Shape shape;
    shape.rank = static_cast<std::size_t>(rank);
    for (std::size_t i = 0; i < shape.rank; ++i) {
      shape.dims[i] = choices_.OneIn(20) ? 0 : choices_.Int(1, 5);
    }
    return shape;
  }

  std::int32_t Add(T type, const Shape& shape) {
    TensorInfo tensor;
    tensor.name = std::to_string(graph_.tensors.size());
    tensor.type = type;
    tensor.shape = shape;
    if (Quantised(type) && !choices_.OneIn(16)) {
      tensor.quantization.scale = {choices_.Octet() / 64.0f + 0.01f};
      tensor.quantization.zero_point = {
          type == T::kInt16 ? 0 : choices_.Octet() / 2};
    }
    graph_.tensors.push_back(std::move(tensor));
    return static_cast<std::int32_t>(graph_.tensors.size()) - 1;
  }

  // Small numbers, as shapes, axes and indices are; weights too.
  std::int32_t Constant(T type, const Shape& shape) {
    const std::int32_t index = Add(type, shape);
    const std::size_t size = ElementBytes(type);
    Bytes bytes(shape.Elements() * size);
    std::uint32_t state = choices_.Octet() + 1u;
    for (std::size_t i = 0; size > 0 && i < bytes.size(); i += size) {
      state = state * 1664525u + 1013904223u;
      const auto small = static_cast<std::int32_t>(state >> 28) - 4;
      const float real = static_cast<float>(small) / 4.0f;
      const std::int64_t wide = small;
      // Little-endian: the low bytes of the number.
      std::memcpy(bytes.data() + i,
                  type == T::kFloat32 ? static_cast<const void*>(&real) : &wide,
                  size);
    }
    graph_.tensors.back().data = owner_.Keep(std::move(bytes));
    return index;
  }

  std::int32_t PerChannel(std::int32_t index, std::int32_t dimension) {
    TensorInfo& tensor = graph_.tensors[static_cast<std::size_t>(index)];
    if (tensor.type != T::kInt8) return index;
    const auto at = static_cast<std::size_t>(dimension);
    const bool many = at < tensor.shape.rank && choices_.OneIn(2);
    const std::int32_t count = many ? tensor.shape[at] : 1;
    tensor.quantization = {};
    for (std::int32_t i = 0; i < count; ++i) {
      tensor.quantization.scale.push_back(0.01f + choices_.Octet() / 512.0f);
      tensor.quantization.zero_point.push_back(0);
    }
    tensor.quantization.dimension = many ? dimension : 0;
    return index;
  }

  std::int32_t Existing() {
    return choices_.Int(0,
                        static_cast<std::int32_t>(graph_.tensors.size()) - 1);
  }
  // A tensor that has values, of `rank` where possible.
  std::int32_t Operand(std::size_t rank) {
    for (int tries = 0; tries < 3; ++tries) {
      const std::int32_t index = Existing();
      if (At(index).shape.rank == rank) return index;
    }
    return choices_.OneIn(2) ? Existing()
                             : Constant(choices_.OneOf(kTypes),
                                        AnyShape(static_cast<int>(rank)));
  }
  const TensorInfo& At(std::int32_t index) const {
    return graph_.tensors[static_cast<std::size_t>(index)];
  }

  void FillInputs(Kind kind, OpInfo& op) {
    switch (kind) {
      case Kind::kUnary:
        op.inputs = {Existing()};
        return;
      case Kind::kPool:
        op.inputs = {Operand(4)};
        return;
      case Kind::kBinary: {
        const std::int32_t x = Existing();
        const T type = At(x).type;
        const Shape shape = At(x).shape;
        op.inputs = {x, choices_.OneIn(2) ? Existing() : Constant(type, shape)};
        return;
      }
      case Kind::kShaped: {
        const std::int32_t x = Existing();
        const std::int32_t rank = choices_.Int(0, 2);
        op.inputs = {x, Constant(choices_.OneIn(5) ? T::kInt64 : T::kInt32,
                                 AnyShape(rank))};
        return;
      }
      case Kind::kTernary:
        op.inputs = {Operand(1), Existing(), Existing()};
        return;
      case Kind::kWeighted:
        return Weighted(op);
      case Kind::kDense:
        return Dense(op);
      case Kind::kFree:
        for (std::int32_t n = choices_.OneIn(3) ? choices_.Int(0, 24)
                                                : choices_.Int(0, 5);
             n > 0; --n) {
          op.inputs.push_back(Free());
        }
        return;
    }
  }

  std::int32_t Free() {
    if (choices_.OneIn(8)) return kAbsent;
    if (choices_.OneIn(2)) return Existing();
    const T type = choices_.OneIn(3) ? choices_.OneOf(kTypes) : T::kInt32;
    const std::int32_t index = Constant(type, AnyShape(choices_.Int(0, 3)));
    if (choices_.OneIn(8)) {
      TensorInfo& tensor = graph_.tensors.back();
      tensor.is_variable = true;
      tensor.data = {};
    }
    return index;
  }

  static T BiasOf(T x, T weights) {
    if (weights == T::kFloat32) return T::kFloat32;
    return x == T::kFloat32 ? T::kFloat32
           : x == T::kInt16 ? T::kInt64
                            : T::kInt32;
  }

  void Weighted(OpInfo& op) {
    const std::int32_t x = Operand(op.code == OpCode::kConv3D ? 5 : 4);
    const T in = At(x).type;
    const std::size_t rank = At(x).shape.rank;
    const std::int32_t depth = rank > 0 ? At(x).shape[rank - 1] : 1;
    const bool depthwise = op.code == OpCode::kDepthwiseConv2D;
    const T type = in == T::kUint8                           ? T::kUint8
                   : in == T::kFloat32 && !choices_.OneIn(4) ? T::kFloat32
                                                             : T::kInt8;
    Shape shape = AnyShape(op.code == OpCode::kConv3D ? 5 : 4);
    const std::int32_t out = choices_.Int(1, 20);
    shape.dims[3] = depth;
    shape.dims[0] = depthwise ? 1 : out;
    if (op.code == OpCode::kConv3D) {
      shape.dims[3] = depth;
      shape.dims[4] = out;
    }
    const std::int32_t w = PerChannel(Constant(type, shape), depthwise ? 3 : 0);
    const std::int32_t channels = depthwise ? depth : out;
    if (op.code == OpCode::kTransposeConv) {
      op.inputs = {Constant(T::kInt32, {1, {4}}), w, x};
    } else {
      op.inputs = {x, w};
    }
    if (!choices_.OneIn(3)) {
      op.inputs.push_back(Constant(BiasOf(in, type), {1, {channels}}));
    }
  }

  void Dense(OpInfo& op) {
    const std::int32_t x = Operand(2);
    const T in = At(x).type;
    const std::size_t rank = At(x).shape.rank;
    const std::int32_t depth = rank > 0 ? At(x).shape[rank - 1] : 1;
    const std::int32_t out = choices_.Int(1, 20);
    const T type = in == T::kUint8                           ? T::kUint8
                   : in == T::kFloat32 && !choices_.OneIn(4) ? T::kFloat32
                                                             : T::kInt8;
    op.inputs = {x, PerChannel(Constant(type, {2, {out, depth}}), 0)};
    if (op.code == OpCode::kFullyConnected && !choices_.OneIn(3)) {
      op.inputs.push_back(Constant(BiasOf(in, type), {1, {out}}));
    }
  }

  // Mostly that of the first input.
  T OutputType(const OpInfo& op) {
    if (op.inputs.empty() || op.inputs[0] == kAbsent || choices_.OneIn(5)) {
      return choices_.OneOf(kTypes);
    }
    return At(op.inputs[0]).type;
  }

  void FillOptions(Options& o) {
    const auto bits = choices_.Octet();
    o.padding = (bits & 1) != 0 ? Padding::kValid : Padding::kSame;
    o.keep_dims = (bits & 2) != 0;
    o.symmetric = o.transpose_a = o.exclusive = (bits & 4) != 0;
    o.transpose_b = o.reverse = o.align_corners = (bits & 8) != 0;
    o.half_pixel_centers = o.time_major = (bits & 16) != 0;
    o.asymmetric_inputs = o.approximate = (bits & 32) != 0;
    o.power_of_two_scales = (bits & 64) != 0;
    o.merge_outputs = o.basic_cell = o.end_is_offset = (bits & 128) != 0;
    o.stride_w = choices_.Int(-1, 3);
    o.stride_h = choices_.Int(-1, 3);
    if (choices_.OneIn(2)) o.stride_w = o.stride_h = 1;
    if (choices_.OneIn(4)) o.dilation_w = choices_.Int(-1, 3);
    if (choices_.OneIn(4)) o.dilation_h = choices_.Int(-1, 3);
    o.filter_w = choices_.Int(-1, 4);
    o.filter_h = choices_.Int(-1, 4);
    o.activation = static_cast<Activation>(choices_.Int(0, 3));
    o.axis = choices_.Int(-5, 5);
    o.batch_dims = choices_.OneIn(4) ? choices_.Int(-2, 3) : 0;
    o.count = choices_.Int(0, 4);
    o.block_size = choices_.Int(-1, 4);
    o.rank = choices_.Int(0, 3);
    o.beta = choices_.Octet() / 32.0f - 1.0f;
    o.alpha = choices_.Octet() / 64.0f - 1.0f;
    o.cell_clip = choices_.Octet() / 32.0f;
    o.begin_mask = choices_.Octet();
    o.end_mask = choices_.Octet();
    o.ellipsis_mask = choices_.OneIn(4) ? choices_.Octet() : 0;
    o.new_axis_mask = choices_.OneIn(4) ? choices_.Octet() : 0;
    o.shrink_axis_mask = choices_.OneIn(4) ? choices_.Octet() : 0;
    o.out_type = choices_.OneOf(kTypes);
    o.subgraph_a = o.subgraph_b = 1;
    o.resource = choices_.Int(0, 1);
    if (choices_.OneIn(3)) {
      o.has_new_shape = true;
      o.new_shape = AnyShape(choices_.Int(0, 4));
    }
    if (choices_.OneIn(4)) {
      Bytes custom(static_cast<std::size_t>(choices_.Int(0, 40)));
      for (std::uint8_t& byte : custom) byte = choices_.Octet();
      o.custom = owner_.Keep(std::move(custom));
    }
  }

  Model& owner_;
  Graph& graph_;
  Choices& choices_;
};

}  // namespace

Model RandomModel(Choices& choices) {
  Model model;
  model.others.emplace_back();
  Maker main(model, model, choices), other(model, model.others[0], choices);
  main.Inputs();
  for (std::int32_t n = choices.Int(1, 5); n > 0; --n) main.Operator(true);
  main.Outputs();
  other.Inputs();
  other.Operator(false);
  other.Outputs();
  return model;
}

}  // namespace sotto::runtime
