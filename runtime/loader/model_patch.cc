#include "runtime/loader/model_patch.h"

#include <algorithm>

#include "base/status.h"
#include "proto/model/tflite_generated.h"
#include "runtime/loader/model_file.h"

namespace sotto::runtime {

absl::StatusOr<Bytes> ReplaceConstants(ByteView file,
                                       const Replacements& replacements) {
  Bytes out(file.begin(), file.end());
  SOTTO_RETURN_IF_ERROR(ParseModel(out).status());
  const tflite::Model& model = *tflite::GetModel(out.data());
  const auto& tensors = *model.subgraphs()->Get(0)->tensors();
  for (const auto& [index, bytes] : replacements) {
    const std::string what = absl::StrFormat("replacement of tensor %d", index);
    if (index < 0 || static_cast<std::size_t>(index) >= tensors.size()) {
      return absl::InvalidArgumentError(
          absl::StrFormat("%s: the file has %d tensors", what, tensors.size()));
    }
    const std::uint32_t number =
        tensors.Get(static_cast<flatbuffers::uoffset_t>(index))->buffer();
    const tflite::Buffer* buffer = model.buffers()->Get(number);
    if (buffer == nullptr || buffer->data() == nullptr ||
        buffer->data()->size() == 0) {
      return absl::InvalidArgumentError(what + ": it is no constant");
    }
    if (buffer->data()->size() != bytes.size()) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "%s: %d bytes are given, it has %d", what,
          static_cast<std::int64_t>(bytes.size()), buffer->data()->size()));
    }
    for (flatbuffers::uoffset_t g = 1; g < model.subgraphs()->size(); ++g) {
      for (const auto* tensor : *model.subgraphs()->Get(g)->tensors()) {
        if (tensor->buffer() == number) {
          return absl::InvalidArgumentError(absl::StrFormat(
              "%s: subgraph %d shares its buffer and would change too", what,
              g));
        }
      }
    }
    for (flatbuffers::uoffset_t i = 0; i < tensors.size(); ++i) {
      if (tensors.Get(i)->buffer() != number) continue;
      const auto other = replacements.find(static_cast<std::int32_t>(i));
      if (other == replacements.end() || other->second != bytes) {
        return absl::InvalidArgumentError(absl::StrFormat(
            "%s: tensor %d shares its buffer and would change too", what, i));
      }
    }
    const auto offset = buffer->data()->data() - out.data();
    std::ranges::copy(bytes, out.begin() + offset);
  }
  return out;
}

}  // namespace sotto::runtime
