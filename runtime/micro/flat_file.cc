#include "runtime/micro/flat_file.h"

namespace sotto::runtime {

FlatTable::FlatTable(const FlatFile& file, std::uint32_t at) {
  const std::int64_t vtable = std::int64_t{at} - file.Load<std::int32_t>(at);
  if (file.bad() || vtable < 0 || vtable >= file.size()) {
    file.Bytes(file.size(), 1);
    return;
  }
  at_ = at;
  vtable_ = static_cast<std::uint32_t>(vtable);
  vtable_bytes_ = file.Load<std::uint16_t>(vtable_);
  if (file.Bytes(vtable_, vtable_bytes_) != nullptr) file_ = &file;
}

std::uint32_t FlatTable::Position(std::uint32_t field) const {
  const std::uint32_t slot = 4 + 2 * field;
  if (file_ == nullptr || slot + 2 > vtable_bytes_) return 0;
  const auto offset = file_->Load<std::uint16_t>(vtable_ + slot);
  return offset == 0 ? 0 : at_ + offset;
}

FlatTable FlatTable::Table(std::uint32_t field) const {
  const std::uint32_t at = Position(field);
  return at == 0 ? FlatTable() : FlatTable(*file_, file_->Follow(at));
}

FlatVector FlatTable::Vector(std::uint32_t field,
                             std::uint32_t element_bytes) const {
  const std::uint32_t at = Position(field);
  if (at == 0) return {};
  const std::uint32_t vector = file_->Follow(at);
  const auto count = file_->Load<std::uint32_t>(vector);
  if (file_->bad() || count > file_->size() / element_bytes) {
    file_->Bytes(file_->size(), 1);
    return {};
  }
  const std::uint8_t* data = file_->Bytes(vector + 4, count * element_bytes);
  if (data == nullptr) return {};
  return {.data = data, .count = count};
}

FlatTable FlatTable::Element(const FlatVector& tables, std::uint32_t i) const {
  return FlatTable(*file_,
                   file_->Follow(file_->PositionOf(tables.data) + 4 * i));
}

}  // namespace sotto::runtime
