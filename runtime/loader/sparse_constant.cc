#include "runtime/loader/sparse_constant.h"

#include <array>
#include <cstring>
#include <vector>

namespace sotto::runtime {
namespace {

constexpr std::size_t kMaxLevels = 2 * Shape::kMaxRank;

absl::Status Bad(const char* message) {
  return absl::InvalidArgumentError(std::string("sparse: ") + message);
}

// The index vectors have three widths.
class Indices {
 public:
  Indices() = default;
  Indices(tflite::SparseIndexVector type, const void* table) {
    using tflite::SparseIndexVector;
    if (table == nullptr) return;
    if (type == SparseIndexVector::Int32Vector) {
      wide_ = static_cast<const tflite::Int32Vector*>(table)->values();
      if (wide_ != nullptr) size_ = wide_->size();
    } else if (type == SparseIndexVector::Uint16Vector) {
      middle_ = static_cast<const tflite::Uint16Vector*>(table)->values();
      if (middle_ != nullptr) size_ = middle_->size();
    } else if (type == SparseIndexVector::Uint8Vector) {
      narrow_ = static_cast<const tflite::Uint8Vector*>(table)->values();
      if (narrow_ != nullptr) size_ = narrow_->size();
    }
  }

  std::size_t size() const { return size_; }
  std::int64_t operator[](std::size_t i) const {
    const auto at = static_cast<flatbuffers::uoffset_t>(i);
    if (wide_ != nullptr) return wide_->Get(at);
    return middle_ != nullptr ? middle_->Get(at) : narrow_->Get(at);
  }

 private:
  const flatbuffers::Vector<std::int32_t>* wide_ = nullptr;
  const flatbuffers::Vector<std::uint16_t>* middle_ = nullptr;
  const flatbuffers::Vector<std::uint8_t>* narrow_ = nullptr;
  std::size_t size_ = 0;
};

struct Level {
  bool dense = true;
  std::size_t size = 0;    // coordinates of its dimension
  std::size_t stride = 0;  // elements between two coordinates
  Indices segments, indices;
};

class Expansion {
 public:
  Expansion(std::size_t element_bytes, ByteView values)
      : element_bytes_(element_bytes), values_(values) {}

  // Fills in the levels. After it every size and stride is right; segments and
  // indices are not checked yet.
  absl::Status ReadLevels(const tflite::SparsityParameters& in,
                          const Shape& shape);
  // Checks segments and indices, level by level.
  absl::Status CheckLevels() const;

  void Fill(std::size_t level, std::size_t position, std::size_t offset,
            Bytes& out) {
    if (level == num_levels_) {
      std::memcpy(out.data() + offset * element_bytes_,
                  values_.data() + next_++ * element_bytes_, element_bytes_);
      return;
    }
    const Level& l = levels_[level];
    if (l.dense) {
      for (std::size_t i = 0; i < l.size; ++i) {
        Fill(level + 1, position * l.size + i, offset + i * l.stride, out);
      }
      return;
    }
    const auto end = static_cast<std::size_t>(l.segments[position + 1]);
    for (auto i = static_cast<std::size_t>(l.segments[position]); i < end;
         ++i) {
      Fill(level + 1, i,
           offset + static_cast<std::size_t>(l.indices[i]) * l.stride, out);
    }
  }

 private:
  absl::Status CheckCompressed(const Level& level, std::size_t above) const;

  std::size_t element_bytes_;
  ByteView values_;
  std::array<Level, kMaxLevels> levels_ = {};
  std::size_t num_levels_ = 0;
  std::size_t next_ = 0;  // stored value
};

absl::Status Expansion::ReadLevels(const tflite::SparsityParameters& in,
                                   const Shape& shape) {
  const auto* order = in.traversal_order();
  const auto* metadata = in.dim_metadata();
  if (order == nullptr || metadata == nullptr) {
    return Bad("the traversal order or the levels are missing");
  }
  const std::size_t blocks =
      in.block_map() == nullptr ? 0 : in.block_map()->size();
  const std::size_t rank = shape.rank;
  num_levels_ = rank + blocks;
  if (blocks > rank || order->size() != num_levels_ ||
      metadata->size() != num_levels_) {
    return Bad("the number of levels is not that of dimensions and blocks");
  }
  // Where in the file's lists each dimension stands, tensor's then block's.
  std::array<bool, kMaxLevels> seen = {};
  std::array<std::size_t, kMaxLevels> dimension_of = {}, level_of = {};
  for (std::size_t l = 0; l < num_levels_; ++l) {
    const std::int32_t d = order->Get(static_cast<flatbuffers::uoffset_t>(l));
    const std::size_t low = l < rank ? 0 : rank;
    const std::size_t high = l < rank ? rank : num_levels_;
    if (d < 0 || static_cast<std::size_t>(d) < low ||
        static_cast<std::size_t>(d) >= high ||
        seen[static_cast<std::size_t>(d)]) {
      return Bad("the traversal order is no permutation");
    }
    seen[static_cast<std::size_t>(d)] = true;
    dimension_of[l] = static_cast<std::size_t>(d);
    level_of[static_cast<std::size_t>(d)] = l;
  }
  std::array<std::size_t, Shape::kMaxRank> strides = {}, counts = {},
                                           block_sizes = {};
  for (std::size_t d = 0; d < rank; ++d) {
    strides[d] = shape.ElementsFrom(d + 1);
    counts[d] = static_cast<std::size_t>(shape[d]);
    block_sizes[d] = 1;
  }
  std::int32_t last = -1;
  for (std::size_t b = 0; b < blocks; ++b) {
    const std::int32_t d =
        in.block_map()->Get(static_cast<flatbuffers::uoffset_t>(b));
    if (d <= last || static_cast<std::size_t>(d) >= rank) {
      return Bad("the block map is not ascending, or names no dimension");
    }
    last = d;
    const auto at = static_cast<std::size_t>(d);
    const auto* table =
        metadata->Get(static_cast<flatbuffers::uoffset_t>(level_of[rank + b]));
    const std::int32_t size = table->dense_size();
    if (table->format() != tflite::DimensionType::DENSE || size < 1 ||
        counts[at] % static_cast<std::size_t>(size) != 0) {
      return Bad("a block is not dense or does not divide its dimension");
    }
    block_sizes[at] = static_cast<std::size_t>(size);
    counts[at] /= block_sizes[at];
    Level& level = levels_[level_of[rank + b]];
    level.size = block_sizes[at];
    level.stride = strides[at];
  }
  for (std::size_t l = 0; l < num_levels_; ++l) {
    Level& level = levels_[l];
    const auto* table = metadata->Get(static_cast<flatbuffers::uoffset_t>(l));
    if (l < rank) {
      const std::size_t d = dimension_of[l];
      level.size = counts[d];
      level.stride = strides[d] * block_sizes[d];
    }
    if (table->format() == tflite::DimensionType::DENSE) {
      if (table->dense_size() < 0 ||
          static_cast<std::size_t>(table->dense_size()) != level.size) {
        return Bad("a dense level has another size than its dimension");
      }
    } else if (table->format() == tflite::DimensionType::SPARSE_CSR) {
      level.dense = false;
      level.segments =
          Indices(table->array_segments_type(), table->array_segments());
      level.indices =
          Indices(table->array_indices_type(), table->array_indices());
    } else {
      return Bad("a level is neither dense nor compressed");
    }
  }
  return absl::OkStatus();
}

// `above` positions, so as many segments.
absl::Status Expansion::CheckCompressed(const Level& level,
                                        std::size_t above) const {
  if (level.segments.size() != above + 1 || level.segments[0] != 0 ||
      level.segments[above] !=
          static_cast<std::int64_t>(level.indices.size())) {
    return Bad("a level's segments do not cover its indices");
  }
  for (std::size_t p = 0; p < above; ++p) {
    const std::int64_t begin = level.segments[p], end = level.segments[p + 1];
    if (begin < 0 || end < begin ||
        end > static_cast<std::int64_t>(level.indices.size())) {
      return Bad("a level's segments are not ascending");
    }
    std::int64_t last = -1;
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t index = level.indices[static_cast<std::size_t>(i)];
      if (index <= last || index >= static_cast<std::int64_t>(level.size)) {
        return Bad("a level's indices are out of range or not ascending");
      }
      last = index;
    }
  }
  return absl::OkStatus();
}

absl::Status Expansion::CheckLevels() const {
  // Ascending coordinates keep the positions of each level at most the product
  // of the sizes down to it, so at most the elements of the tensor.
  std::size_t positions = 1;
  for (std::size_t l = 0; l < num_levels_; ++l) {
    const Level& level = levels_[l];
    if (level.dense) {
      positions *= level.size;
      continue;
    }
    SOTTO_RETURN_IF_ERROR(CheckCompressed(level, positions));
    positions = level.indices.size();
  }
  if (positions * element_bytes_ != values_.size()) {
    return Bad("the number of values is not that of the leaves");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Bytes> ExpandSparse(const tflite::SparsityParameters& in,
                                   const Shape& shape,
                                   std::size_t element_bytes, ByteView values,
                                   LoadBudget& budget) {
  if (element_bytes == 0) {
    return absl::UnimplementedError("sparse constants of this element type");
  }
  // Its other dimensions would still be walked.
  if (shape.Elements() == 0) return Bad("values for a tensor without elements");
  SOTTO_RETURN_IF_ERROR(budget.Charge(shape.Elements() * element_bytes));
  Expansion expansion(element_bytes, values);
  SOTTO_RETURN_IF_ERROR(expansion.ReadLevels(in, shape));
  SOTTO_RETURN_IF_ERROR(expansion.CheckLevels());
  Bytes out(shape.Elements() * element_bytes);
  expansion.Fill(0, 0, 0, out);
  return out;
}

}  // namespace sotto::runtime
