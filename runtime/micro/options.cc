#include "runtime/micro/model_view.h"

namespace sotto::runtime {
namespace {

// Fields of tflite.Operator.
constexpr std::uint32_t kTableType = 3, kTable = 4;
// Numbers of the tables in the format's union.
enum TableType : std::uint8_t {
  kConv2DTable = 1,
  kDepthwiseTable = 2,
  kPoolTable = 5,
  kSvdfTable = 6,
  kFullyConnectedTable = 8,
  kSoftmaxTable = 9,
  kConcatenationTable = 10,
  kAddTable = 11,
  kL2NormTable = 12,
  kResizeBilinearTable = 15,
  kReshapeTable = 17,
  kSpaceToDepthTable = 19,
  kMulTable = 21,
  kGatherTable = 23,
  kReducerTable = 27,
  kSubTable = 28,
  kDivTable = 29,
  kSqueezeTable = 30,
  kStridedSliceTable = 32,
  kSplitTable = 35,
  kCastTable = 37,
  kArgMaxTable = 40,
  kTransposeConvTable = 49,
  kShapeTable = 55,
  kArgMinTable = 57,
  kPackTable = 59,
  kOneHotTable = 61,
  kUnpackTable = 64,
  kResizeNearestTable = 74,
  kLeakyReluTable = 75,
  kMirrorPadTable = 77,
  kSplitVTable = 79,
  kDepthToSpaceTable = 94,
  kBatchMatmulTable = 101,
  kCumsumTable = 102,
  kGeluTable = 116,
};

// One operator's table and where its fields go. A status sticks.
class OptionReader {
 public:
  OptionReader(const OperatorView& op, Options& out)
      : type_(op.table.Get<std::uint8_t>(kTableType)), op_(op), out_(out) {}

  StatusCode code() const { return code_; }
  // Selects the table; false: the operator has none of this type.
  bool Has(TableType type) {
    if (type_ == type) table_ = op_.table.Table(kTable);
    return table_.present();
  }
  bool Needs(TableType type) {
    if (Has(type)) return true;
    code_ = StatusCode::kInvalidArgument;
    return false;
  }
  std::int32_t Int(std::uint32_t field, std::int32_t otherwise = 0) const {
    return table_.Get<std::int32_t>(field, otherwise);
  }
  bool Flag(std::uint32_t field, bool otherwise = false) const {
    return table_.Get<std::uint8_t>(field, otherwise) != 0;
  }
  float Float(std::uint32_t field) const { return table_.Get<float>(field); }
  // A byte in [0, most].
  std::uint8_t Byte(std::uint32_t field, std::uint8_t most) {
    const auto value = table_.Get<std::uint8_t>(field);
    if (value <= most) return value;
    code_ = StatusCode::kInvalidArgument;
    return 0;
  }
  void ReadPadding(std::uint32_t field) {
    out_.padding = static_cast<Padding>(Byte(field, 1));
  }
  void ReadActivation(std::uint32_t field, bool recurrent = false) {
    out_.activation = static_cast<Activation>(Byte(field, 5));
    if (out_.activation > Activation::kRelu6 && !recurrent) {
      code_ = StatusCode::kUnimplemented;
    }
  }
  void ReadStrides(std::uint32_t first) {
    out_.stride_w = Int(first);
    out_.stride_h = Int(first + 1);
  }
  void ReadDilations(std::uint32_t first) {
    out_.dilation_w = Int(first, 1);
    out_.dilation_h = Int(first + 1, 1);
  }
  void ReadShape() {
    const FlatVector dims = table_.Vector(0, 4);
    if (!table_.Has(0)) return;
    if (dims.count > Shape::kMaxRank) {
      code_ = StatusCode::kUnimplemented;
      return;
    }
    out_.has_new_shape = true;
    out_.new_shape.rank = dims.count;
    for (std::uint32_t i = 0; i < dims.count; ++i) {
      out_.new_shape.dims[i] = dims.At<std::int32_t>(i);
    }
  }
  void Refuse(StatusCode code) { code_ = code; }

 private:
  std::uint8_t type_;
  const OperatorView& op_;
  Options& out_;
  FlatTable table_;
  StatusCode code_ = StatusCode::kOk;
};

// False: `code` is of another family.
bool ReadWindows(OptionReader& in, OpCode code, Options& out) {
  switch (code) {
    case OpCode::kConv2D:
      if (in.Needs(kConv2DTable)) {
        in.ReadPadding(0);
        in.ReadStrides(1);
        in.ReadActivation(3);
        in.ReadDilations(4);
      }
      return true;
    case OpCode::kDepthwiseConv2D:
      if (in.Needs(kDepthwiseTable)) {
        in.ReadPadding(0);
        in.ReadStrides(1);
        out.depth_multiplier = in.Int(3);
        in.ReadActivation(4);
        in.ReadDilations(5);
      }
      return true;
    case OpCode::kTransposeConv:
      if (in.Needs(kTransposeConvTable)) {
        in.ReadPadding(0);
        in.ReadStrides(1);
        in.ReadActivation(3);
      }
      return true;
    case OpCode::kMaxPool2D:
    case OpCode::kAveragePool2D:
      if (in.Needs(kPoolTable)) {
        in.ReadPadding(0);
        in.ReadStrides(1);
        out.filter_w = in.Int(3);
        out.filter_h = in.Int(4);
        in.ReadActivation(5);
      }
      return true;
    case OpCode::kFullyConnected:
      if (in.Has(kFullyConnectedTable)) {
        in.ReadActivation(0);
        out.keep_dims = in.Flag(2);
        out.asymmetric_inputs = in.Flag(3);
        // Shuffled weights have no kernel.
        if (in.Byte(1, 1) == 1) in.Refuse(StatusCode::kUnimplemented);
      }
      return true;
    case OpCode::kBatchMatmul:
      if (in.Has(kBatchMatmulTable)) {
        out.transpose_a = in.Flag(0);
        out.transpose_b = in.Flag(1);
        out.asymmetric_inputs = in.Flag(2);
      }
      return true;
    case OpCode::kSoftmax:
      if (in.Needs(kSoftmaxTable)) out.beta = in.Float(0);
      return true;
    case OpCode::kL2Normalization:
      if (in.Has(kL2NormTable)) in.ReadActivation(0);
      return true;
    case OpCode::kSvdf:
      if (in.Needs(kSvdfTable)) {
        out.rank = in.Int(0);
        in.ReadActivation(1, true);
        out.asymmetric_inputs = in.Flag(2);
      }
      return true;
    default:
      return false;
  }
}

bool ReadScalars(OptionReader& in, OpCode code, Options& out) {
  switch (code) {
    case OpCode::kAdd:
    case OpCode::kSub:
      if (in.Has(code == OpCode::kAdd ? kAddTable : kSubTable)) {
        in.ReadActivation(0);
        out.power_of_two_scales = in.Flag(1, true);
      }
      return true;
    case OpCode::kMul:
    case OpCode::kDiv:
      if (in.Has(code == OpCode::kMul ? kMulTable : kDivTable)) {
        in.ReadActivation(0);
      }
      return true;
    case OpCode::kLeakyRelu:
      if (in.Has(kLeakyReluTable)) out.alpha = in.Float(0);
      return true;
    case OpCode::kGelu:
      if (in.Has(kGeluTable)) out.approximate = in.Flag(0);
      return true;
    case OpCode::kMean:
    case OpCode::kSum:
    case OpCode::kReduceProd:
    case OpCode::kReduceMax:
    case OpCode::kReduceMin:
    case OpCode::kReduceAny:
    case OpCode::kReduceAll:
      if (in.Has(kReducerTable)) out.keep_dims = in.Flag(0);
      return true;
    case OpCode::kCumsum:
      if (in.Has(kCumsumTable)) {
        out.exclusive = in.Flag(0);
        out.reverse = in.Flag(1);
      }
      return true;
    case OpCode::kResizeBilinear:
      if (in.Has(kResizeBilinearTable)) {
        out.align_corners = in.Flag(2);
        out.half_pixel_centers = in.Flag(3);
      }
      return true;
    case OpCode::kResizeNearestNeighbor:
      if (in.Has(kResizeNearestTable)) {
        out.align_corners = in.Flag(0);
        out.half_pixel_centers = in.Flag(1);
      }
      return true;
    default:
      return false;
  }
}

bool ReadShapes(OptionReader& in, OpCode code, Options& out) {
  switch (code) {
    case OpCode::kReshape:
      if (in.Has(kReshapeTable)) in.ReadShape();
      return true;
    case OpCode::kSqueeze:
      if (in.Has(kSqueezeTable)) in.ReadShape();
      return true;
    case OpCode::kConcatenation:
      if (in.Has(kConcatenationTable)) {
        out.axis = in.Int(0);
        in.ReadActivation(1);
      }
      return true;
    case OpCode::kGather:
      if (in.Has(kGatherTable)) {
        out.axis = in.Int(0);
        out.batch_dims = in.Int(1);
      }
      return true;
    case OpCode::kOneHot:
      if (in.Has(kOneHotTable)) out.axis = in.Int(0);
      return true;
    case OpCode::kStridedSlice:
      if (in.Has(kStridedSliceTable)) {
        out.begin_mask = in.Int(0);
        out.end_mask = in.Int(1);
        out.ellipsis_mask = in.Int(2);
        out.new_axis_mask = in.Int(3);
        out.shrink_axis_mask = in.Int(4);
        out.end_is_offset = in.Flag(5);
      }
      return true;
    case OpCode::kMirrorPad:
      if (in.Has(kMirrorPadTable)) out.symmetric = in.Byte(0, 1) == 1;
      return true;
    case OpCode::kPack:
    case OpCode::kUnpack:
      if (in.Needs(code == OpCode::kPack ? kPackTable : kUnpackTable)) {
        out.count = in.Int(0);
        out.axis = in.Int(1);
      }
      return true;
    case OpCode::kSplit:
    case OpCode::kSplitV:
      if (in.Needs(code == OpCode::kSplit ? kSplitTable : kSplitVTable)) {
        out.count = in.Int(0);
      }
      return true;
    case OpCode::kDepthToSpace:
    case OpCode::kSpaceToDepth:
      if (in.Needs(code == OpCode::kDepthToSpace ? kDepthToSpaceTable
                                                 : kSpaceToDepthTable)) {
        out.block_size = in.Int(0);
      }
      return true;
    default:
      return false;
  }
}

// The type of the output, where the file says it twice.
void ReadOutType(OptionReader& in, OpCode code, ElementType out_type,
                 Options& out) {
  std::uint32_t field = 0;
  bool named = false;
  if (code == OpCode::kArgMax) named = in.Has(kArgMaxTable);
  if (code == OpCode::kArgMin) named = in.Has(kArgMinTable);
  if (code == OpCode::kShape) named = in.Has(kShapeTable);
  if (code == OpCode::kCast) {
    named = in.Has(kCastTable);
    field = 1;
  }
  // A field that is left out is f32, which only CAST can mean.
  const auto type = static_cast<ElementType>(
      named ? in.Byte(field, 17) : static_cast<std::uint8_t>(0));
  const bool usable = named && (code == OpCode::kCast || type != ElementType());
  out.out_type = usable ? type : out_type;
}

}  // namespace

StatusCode ReadMicroOptions(const OperatorView& op, ElementType out_type,
                            Options& options) {
  options = {};
  OptionReader in(op, options);
  if (!ReadWindows(in, op.code, options) &&
      !ReadScalars(in, op.code, options) && !ReadShapes(in, op.code, options)) {
    ReadOutType(in, op.code, out_type, options);
  }
  return in.code();
}

}  // namespace sotto::runtime
