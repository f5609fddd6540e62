#include <bit>
#include <cmath>
#include <limits>

#include "runtime/loader/model_reader.h"
#include "runtime/loader/options_family.h"
#include "runtime/loader/sparse_constant.h"

namespace sotto::runtime {
namespace {

constexpr std::size_t kMaxElements = std::size_t{1} << 30;

absl::StatusOr<Shape> ShapeOf(const flatbuffers::Vector<std::int32_t>* dims) {
  Shape shape;
  if (dims == nullptr) return shape;
  if (dims->size() > Shape::kMaxRank) {
    return absl::UnimplementedError(
        absl::StrFormat("rank %d is above 6", dims->size()));
  }
  shape.rank = dims->size();
  // The product without the zeros, so that no part of it overflows either.
  std::size_t elements = 1;
  for (std::size_t i = 0; i < shape.rank; ++i) {
    const std::int32_t dim = dims->Get(static_cast<flatbuffers::uoffset_t>(i));
    const auto factor = static_cast<std::size_t>(std::max(dim, 1));
    if (dim < 0 || factor > kMaxElements / elements) {
      return Bad("dimension %d is %d, or the shape is too large",
                 static_cast<int>(i), dim);
    }
    elements *= factor;
    shape.dims[i] = dim;
  }
  return shape;
}

struct Range {
  std::int64_t low, high;
};

// What a quantised tensor of `type` can store; {0, 0} for the others.
Range StoredRange(ElementType type) {
  switch (type) {
    case ElementType::kInt4:
      return {-8, 7};
    case ElementType::kInt8:
      return {-128, 127};
    case ElementType::kUint8:
      return {0, 255};
    case ElementType::kInt16:
      return {-32768, 32767};
    case ElementType::kInt32:
    case ElementType::kInt64:  // biases of 16x8 kernels; zero point 0 in files
      return {INT32_MIN, INT32_MAX};
    default:
      return {0, 0};
  }
}

bool AllUsable(const std::vector<float>& scales) {
  for (const float scale : scales) {
    if (!std::isfinite(scale) || scale <= 0) return false;
  }
  return true;
}

// out.zero_point, all 0 before, from one value or one for each of them.
absl::Status SetZeroPoints(const flatbuffers::Vector<std::int64_t>& in,
                           Range range, Quantization& out) {
  const std::size_t count = out.zero_point.size();
  // The usual case, without a branch a value.
  std::int64_t any = 0;
  for (const std::int64_t zero : in) any |= zero;
  if (any == 0) return absl::OkStatus();
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t zero =
        in.Get(static_cast<flatbuffers::uoffset_t>(in.size() == 1 ? 0 : i));
    if (zero < range.low || zero > range.high) {
      return Bad("zero point %d is outside [%d, %d]", zero, range.low,
                 range.high);
    }
    out.zero_point[i] = zero;
    if (count > 1 && zero != 0) {
      return absl::UnimplementedError(
          "per-channel quantisation with a zero point other than 0");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Quantization> QuantizationOf(
    ModelReader& reader, const tflite::QuantizationParameters* in,
    ElementType type, const Shape& shape) {
  Quantization out;
  const Range range = StoredRange(type);
  if (in == nullptr || range.low == range.high) return out;
  if (in->details_type() != tflite::QuantizationDetails::NONE) {
    return absl::UnimplementedError("custom or blockwise quantisation");
  }
  if (in->scale() == nullptr || in->scale()->size() == 0) return out;
  const std::size_t count = in->scale()->size();
  SOTTO_RETURN_IF_ERROR(
      reader.budget.Charge(count * (sizeof(float) + sizeof(std::int64_t))));
  out.scale.assign(in->scale()->begin(), in->scale()->end());
  out.dimension = in->quantized_dimension();
  // Biases, shapes, indices, counts.
  const bool integer =
      type == ElementType::kInt32 || type == ElementType::kInt64;
  if (!AllUsable(out.scale)) {
    // Files give some of these empty scales, which no kernel reads.
    if (integer) return Quantization{};
    return Bad("a quantisation scale is not finite and above 0");
  }
  const std::size_t zeros =
      in->zero_point() == nullptr ? 0 : in->zero_point()->size();
  if (zeros > 1 && zeros != count) {
    return Bad("%d scales but %d zero points", static_cast<int>(count),
               static_cast<int>(zeros));
  }
  out.zero_point.assign(count, 0);
  if (zeros > 0) {
    SOTTO_RETURN_IF_ERROR(SetZeroPoints(*in->zero_point(), range, out));
  }
  if (count > 1) {
    // Files give biases, which have one dimension, that of the weights.
    if (shape.rank == 1 && integer) out.dimension = 0;
    const std::int32_t dimension = out.dimension;
    if (dimension < 0 || static_cast<std::size_t>(dimension) >= shape.rank ||
        static_cast<std::size_t>(shape[static_cast<std::size_t>(dimension)]) !=
            count) {
      return Bad("%d scales do not fit dimension %d", static_cast<int>(count),
                 dimension);
    }
  }
  return out;
}

// Two values a byte, the first in the low half, in two's complement.
Bytes WidenInt4(ByteView packed, std::size_t elements) {
  Bytes out(elements);
  for (std::size_t i = 0; i < elements; ++i) {
    const int half = packed[i / 2] >> (i % 2 * 4) & 0xf;
    out[i] = static_cast<std::uint8_t>(half < 8 ? half : half - 16);
  }
  return out;
}

// Where a constant may not stay where it lies: kernels read whole elements.
absl::StatusOr<ByteView> Aligned(ModelReader& reader, ByteView data,
                                 std::size_t element_bytes) {
  const std::size_t want =
      std::bit_floor(std::max<std::size_t>(element_bytes, 1));
  if (reinterpret_cast<std::uintptr_t>(data.data()) % want == 0) return data;
  SOTTO_RETURN_IF_ERROR(reader.budget.Charge(data.size()));
  return reader.model.Keep({data.begin(), data.end()});
}

absl::Status ReadData(ModelReader& reader, const tflite::Tensor& in,
                      TensorInfo& out) {
  SOTTO_ASSIGN_OR_RETURN(const ByteView data, BufferBytes(reader, in.buffer()));
  if (data.empty()) return absl::OkStatus();
  if (out.is_variable) {
    return absl::UnimplementedError("a variable with a value in the file");
  }
  if (out.type == ElementType::kResource) {
    return Bad("a resource has a value in the file");
  }
  if (out.type == ElementType::kString) {
    out.data = data;
    return absl::OkStatus();
  }
  const std::size_t elements = out.shape.Elements();
  if (in.sparsity() != nullptr) {
    SOTTO_ASSIGN_OR_RETURN(
        Bytes dense, ExpandSparse(*in.sparsity(), out.shape,
                                  ElementBytes(out.type), data, reader.budget));
    out.data = reader.model.Keep(std::move(dense));
    return absl::OkStatus();
  }
  const bool packed = out.type == ElementType::kInt4;
  const std::size_t want =
      packed ? (elements + 1) / 2 : elements * ElementBytes(out.type);
  if (data.size() != want) {
    return Bad("its buffer has %d bytes, its shape needs %d",
               static_cast<std::int64_t>(data.size()),
               static_cast<std::int64_t>(want));
  }
  if (packed) {
    SOTTO_RETURN_IF_ERROR(reader.budget.Charge(elements));
    out.data = reader.model.Keep(WidenInt4(data, elements));
    out.type = ElementType::kInt8;
    return absl::OkStatus();
  }
  SOTTO_ASSIGN_OR_RETURN(out.data,
                         Aligned(reader, data, ElementBytes(out.type)));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ByteView> FileBytes(const ModelReader& reader,
                                   std::uint64_t offset, std::uint64_t size) {
  if (offset < 2 || size == 0) return ByteView();
  const std::uint64_t total = reader.bytes.size();
  if (offset > total || size > total - offset) {
    return Bad("its %d bytes at %d are outside the file of %d bytes", size,
               offset, total);
  }
  return reader.bytes.subspan(static_cast<std::size_t>(offset),
                              static_cast<std::size_t>(size));
}

absl::StatusOr<ByteView> BufferBytes(const ModelReader& reader,
                                     std::uint32_t number) {
  const auto* buffers = reader.file.buffers();
  if (number >= (buffers == nullptr ? 0 : buffers->size())) {
    return Bad("buffer %d does not exist", number);
  }
  const tflite::Buffer* buffer = buffers->Get(number);
  if (const auto* data = buffer->data(); data != nullptr && data->size() > 0) {
    return ByteView(data->data(), data->size());
  }
  return FileBytes(reader, buffer->offset(), buffer->size());
}

absl::StatusOr<TensorInfo> ReadTensor(ModelReader& reader,
                                      const tflite::Tensor& in) {
  TensorInfo out;
  if (in.name() != nullptr) {
    SOTTO_RETURN_IF_ERROR(reader.budget.Charge(in.name()->size()));
    out.name = in.name()->str();
  }
  const auto read = [&]() -> absl::Status {
    SOTTO_RETURN_IF_ERROR(SetElementType(in.type(), out.type));
    if (in.external_buffer() != 0) {
      return absl::UnimplementedError("its data is in another file");
    }
    SOTTO_ASSIGN_OR_RETURN(out.shape, ShapeOf(in.shape()));
    SOTTO_ASSIGN_OR_RETURN(
        out.quantization,
        QuantizationOf(reader, in.quantization(), out.type, out.shape));
    out.is_variable = in.is_variable();
    return ReadData(reader, in, out);
  };
  SOTTO_RETURN_IF_ERROR(Annotate(read(), "'" + out.name + "'"));
  return out;
}

}  // namespace sotto::runtime
