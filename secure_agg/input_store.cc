#include "secure_agg/input_store.h"

#include <algorithm>

namespace sotto::secure_agg {

absl::StatusOr<std::uint64_t> MemoryInputStore::Size(std::uint32_t member) {
  const auto input = inputs_.find(member);
  return input == inputs_.end() ? 0 : input->second.size();
}

absl::Status MemoryInputStore::Append(std::uint32_t member, ByteView bytes) {
  Bytes& input = inputs_[member];
  input.insert(input.end(), bytes.begin(), bytes.end());
  return absl::OkStatus();
}

absl::Status MemoryInputStore::Read(std::uint32_t member, std::uint64_t offset,
                                    std::span<std::uint8_t> out) {
  const auto input = inputs_.find(member);
  if (input == inputs_.end() || offset > input->second.size() ||
      out.size() > input->second.size() - offset) {
    return absl::DataLossError("an incomplete input is shorter than it was");
  }
  std::copy_n(input->second.begin() + static_cast<std::ptrdiff_t>(offset),
              out.size(), out.begin());
  return absl::OkStatus();
}

}  // namespace sotto::secure_agg
