#include "runtime/micro/model_view.h"

#include <algorithm>
#include <limits>

namespace sotto::runtime {
namespace {

// Fields of the format's tables that are read here.
enum ModelField { kOperatorCodes = 1, kSubgraphs = 2, kBuffers = 4 };
enum GraphField { kTensors, kInputs, kOutputs, kOperators };
enum TensorField {
  kShapeOf,
  kType,
  kBuffer,
  kQuantization = 4,
  kIsVariable,
  kSparsity,
  kExternalBuffer = 10
};
enum BufferField { kData, kOffset };
enum QuantizationField { kScale = 2, kZeroPoint, kDetailsType, kDimension = 6 };
enum CodeField { kNarrowCode = 0, kWideCode = 3 };
enum OperatorField { kCode, kOpInputs, kOpOutputs, kIntermediates = 8 };

constexpr std::int32_t kCustomCode = 32;
// Times 8 bytes it fits 32 bits.
constexpr std::uint32_t kMaxElements = std::uint32_t{1} << 28;

StatusCode ReadShape(const FlatVector& dims, Shape& shape) {
  if (dims.count > Shape::kMaxRank) return StatusCode::kUnimplemented;
  shape = {};
  shape.rank = dims.count;
  // The product without the zeros, so that no part of it overflows either.
  std::uint32_t elements = 1;
  for (std::uint32_t i = 0; i < dims.count; ++i) {
    const auto dim = dims.At<std::int32_t>(i);
    const auto factor =
        static_cast<std::uint32_t>(std::max<std::int32_t>(dim, 1));
    if (dim < 0 || factor > kMaxElements / elements) {
      return StatusCode::kInvalidArgument;
    }
    elements *= factor;
    shape.dims[i] = dim;
  }
  return StatusCode::kOk;
}

bool IsAligned(const void* p, std::size_t bytes) {
  return reinterpret_cast<std::uintptr_t>(p) % bytes == 0;
}

// Whether values of the type mean something through a scale.
bool TakesScales(ElementType type) {
  return type == ElementType::kInt8 || type == ElementType::kUint8 ||
         type == ElementType::kInt16 || type == ElementType::kInt32 ||
         type == ElementType::kInt64;
}
bool IsWideInteger(ElementType type) {
  return type == ElementType::kInt32 || type == ElementType::kInt64;
}

bool AreScales(const TensorQuantization& q) {
  for (std::int32_t i = 0; i < q.count; ++i) {
    if (!(q.scale[i] > 0.0f &&
          q.scale[i] <= std::numeric_limits<float>::max())) {
      return false;
    }
  }
  return true;
}

}  // namespace

StatusCode ModelView::Open() {
  constexpr std::uint32_t kIdentifier = 0x334c4654;  // "TFL3"
  if (file_.Load<std::uint32_t>(4) != kIdentifier || file_.bad() ||
      !IsAligned(file_.Bytes(0, 0), 16)) {
    return StatusCode::kInvalidArgument;
  }
  const FlatTable model(file_, file_.Follow(0));
  codes_ = model.Vector(kOperatorCodes, 4);
  buffers_ = model.Vector(kBuffers, 4);
  const FlatVector graphs = model.Vector(kSubgraphs, 4);
  if (file_.bad() || graphs.count == 0) return StatusCode::kInvalidArgument;
  graph_ = model.Element(graphs, 0);
  tensors_ = graph_.Vector(kTensors, 4);
  inputs_ = graph_.Vector(kInputs, 4);
  outputs_ = graph_.Vector(kOutputs, 4);
  operators_ = graph_.Vector(kOperators, 4);
  if (file_.bad() || !IndicesFit(inputs_, 0) || !IndicesFit(outputs_, 0)) {
    return StatusCode::kInvalidArgument;
  }
  if (tensors_.count > kMaxTensors || operators_.count > kMaxOperators) {
    return StatusCode::kUnimplemented;
  }
  return StatusCode::kOk;
}

bool ModelView::IndicesFit(const FlatVector& indices,
                           std::int32_t least) const {
  for (std::uint32_t i = 0; i < indices.count; ++i) {
    const auto index = indices.At<std::int32_t>(i);
    if (index < least || std::int64_t{index} >= tensors_.count) return false;
  }
  return true;
}

StatusCode ModelView::ReadQuantization(const FlatTable& in,
                                       Tensor& tensor) const {
  const FlatVector scales = in.Vector(kScale, sizeof(float));
  if (scales.count == 0 || !TakesScales(tensor.type)) return StatusCode::kOk;
  if (in.Get<std::uint8_t>(kDetailsType) != 0 ||
      !IsAligned(scales.data, alignof(float))) {
    return StatusCode::kUnimplemented;
  }
  TensorQuantization& q = tensor.quantization;
  q.scale = reinterpret_cast<const float*>(scales.data);
  q.count = static_cast<std::int32_t>(scales.count);
  q.dimension = in.Get<std::int32_t>(kDimension);
  const FlatVector zeros = in.Vector(kZeroPoint, sizeof(std::int64_t));
  if (zeros.count > 1 && zeros.count != scales.count) {
    return StatusCode::kInvalidArgument;
  }
  if (zeros.count > 0) {
    const auto zero = zeros.At<std::int64_t>(0);
    q.zero_point = static_cast<std::int32_t>(zero);
    if (q.zero_point != zero) return StatusCode::kInvalidArgument;
  }
  if (q.count > 1) {
    if (tensor.shape.rank == 1 && IsWideInteger(tensor.type)) q.dimension = 0;
    if (q.dimension < 0 ||
        static_cast<std::size_t>(q.dimension) >= tensor.shape.rank ||
        tensor.shape[static_cast<std::size_t>(q.dimension)] != q.count) {
      return StatusCode::kInvalidArgument;
    }
  }
  return StatusCode::kOk;
}

StatusCode ModelView::ReadTensor(std::uint32_t index, Tensor& tensor) const {
  tensor = {};
  const FlatTable in = graph_.Element(tensors_, index);
  const auto type = in.Get<std::int8_t>(kType);
  tensor.type = static_cast<ElementType>(type);
  const std::size_t element = type < 0 ? 0 : ElementBytes(tensor.type);
  if (element == 0 || tensor.type == ElementType::kResource ||
      in.Has(kSparsity) || in.Get<std::uint32_t>(kExternalBuffer) != 0) {
    return StatusCode::kUnimplemented;
  }
  StatusCode code = ReadShape(in.Vector(kShapeOf, 4), tensor.shape);
  if (code != StatusCode::kOk) return code;
  code = ReadQuantization(in.Table(kQuantization), tensor);
  if (code != StatusCode::kOk) return code;
  tensor.is_variable = in.Get<std::uint8_t>(kIsVariable) != 0;

  const auto number = in.Get<std::uint32_t>(kBuffer);
  if (number >= buffers_.count) return StatusCode::kInvalidArgument;
  const FlatTable buffer = graph_.Element(buffers_, number);
  const FlatVector data = buffer.Vector(kData, 1);
  if (file_.bad()) return StatusCode::kInvalidArgument;
  if (data.count == 0) {
    // Above 1: bytes behind the FlatBuffer, of files above 2 GB.
    return buffer.Get<std::uint64_t>(kOffset) > 1 ? StatusCode::kUnimplemented
                                                  : StatusCode::kOk;
  }
  if (data.count != tensor.bytes()) return StatusCode::kInvalidArgument;
  if (tensor.is_variable || !IsAligned(data.data, element)) {
    return StatusCode::kUnimplemented;
  }
  tensor.is_constant = true;
  // Kernels never write through a constant's pointer.
  tensor.data = const_cast<std::uint8_t*>(data.data);
  return StatusCode::kOk;
}

StatusCode ModelView::CheckTensor(std::uint32_t index) const {
  Tensor tensor;
  const StatusCode code = ReadTensor(index, tensor);
  if (code != StatusCode::kOk) return code;
  const TensorQuantization& q = tensor.quantization;
  // Files give some integers empty scales, which no kernel reads.
  if (!IsWideInteger(tensor.type) && !AreScales(q)) {
    return StatusCode::kInvalidArgument;
  }
  if (q.count <= 1) return StatusCode::kOk;
  const FlatVector zeros = graph_.Element(tensors_, index)
                               .Table(kQuantization)
                               .Vector(kZeroPoint, sizeof(std::int64_t));
  for (std::uint32_t i = 0; i < zeros.count; ++i) {
    // A zero point per channel has no kernel.
    if (zeros.At<std::int64_t>(i) != 0) return StatusCode::kUnimplemented;
  }
  return StatusCode::kOk;
}

StatusCode ModelView::ReadOperator(std::uint32_t index,
                                   OperatorView& op) const {
  op.table = graph_.Element(operators_, index);
  op.inputs = op.table.Vector(kOpInputs, 4);
  op.outputs = op.table.Vector(kOpOutputs, 4);
  op.intermediates = op.table.Vector(kIntermediates, 4);
  const auto number = op.table.Get<std::uint32_t>(kCode);
  if (file_.bad() || number >= codes_.count || !IndicesFit(op.inputs, -1) ||
      !IndicesFit(op.outputs, 0) || !IndicesFit(op.intermediates, -1)) {
    return StatusCode::kInvalidArgument;
  }
  // Trailing absent inputs are the same as none.
  while (op.inputs.count > 0 &&
         op.inputs.At<std::int32_t>(op.inputs.count - 1) < 0) {
    --op.inputs.count;
  }
  const FlatTable entry = graph_.Element(codes_, number);
  // Old files have the narrow field only, new ones the wide one too.
  const std::int32_t code = std::max<std::int32_t>(
      entry.Get<std::int8_t>(kNarrowCode), entry.Get<std::int32_t>(kWideCode));
  if (file_.bad()) return StatusCode::kInvalidArgument;
  op.code = static_cast<OpCode>(code);
  // Numbers above the format's are ours, and come from no file.
  return code < 0 || code == kCustomCode ||
                 op.code >= OpCode::kDetectionPostProcess
             ? StatusCode::kUnimplemented
             : StatusCode::kOk;
}

}  // namespace sotto::runtime
