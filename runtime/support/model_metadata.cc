#include "runtime/support/model_metadata.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/status.h"
#include "proto/model/metadata_generated.h"
#include "runtime/support/zip_archive.h"

namespace sotto::runtime {
namespace {

namespace format = ::sotto::tflite_metadata;

constexpr std::size_t kMaxText = 4096;
constexpr std::size_t kMaxTensors = 1024, kMaxChannels = 1024;
constexpr std::size_t kMaxLabelBytes = std::size_t{16} << 20;

std::string Text(const flatbuffers::String* text) {
  return text == nullptr ? std::string() : text->str().substr(0, kMaxText);
}

std::vector<float> Numbers(const flatbuffers::Vector<float>* in) {
  std::vector<float> out;
  if (in == nullptr) return out;
  const std::size_t count = std::min<std::size_t>(in->size(), kMaxChannels);
  for (std::size_t i = 0; i < count; ++i) {
    out.push_back(in->Get(static_cast<flatbuffers::uoffset_t>(i)));
  }
  return out;
}

absl::Status ReadNormalization(const format::NormalizationOptions& in,
                               TensorMetadata& out) {
  out.mean = Numbers(in.mean());
  out.stddev = Numbers(in.std());
  const auto usable = [](float x) { return std::isfinite(x); };
  if (out.mean.size() != out.stddev.size() || out.mean.empty() ||
      !std::ranges::all_of(out.mean, usable) ||
      !std::ranges::all_of(out.stddev, usable) ||
      std::ranges::count(out.stddev, 0.0f) > 0) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "metadata of '%s': %d means and %d deviations, expected as many of "
        "both, finite, no deviation 0",
        out.name, static_cast<int>(out.mean.size()),
        static_cast<int>(out.stddev.size())));
  }
  return absl::OkStatus();
}

absl::StatusOr<TensorMetadata> ReadTensor(const format::TensorMetadata& in) {
  TensorMetadata out;
  out.name = Text(in.name());
  out.description = Text(in.description());
  out.is_image =
      in.content() != nullptr && in.content()->content_properties_type() ==
                                     format::ContentProperties::ImageProperties;
  if (in.process_units() != nullptr) {
    for (const format::ProcessUnit* unit : *in.process_units()) {
      if (const auto* n = unit->options_as_NormalizationOptions()) {
        SOTTO_RETURN_IF_ERROR(ReadNormalization(*n, out));
      }
      if (const auto* s = unit->options_as_ScoreThresholdingOptions()) {
        if (std::isnan(s->global_score_threshold())) {
          return absl::InvalidArgumentError("metadata of '" + out.name +
                                            "': its threshold is no number");
        }
        out.score_threshold = s->global_score_threshold();
      }
    }
  }
  if (in.associated_files() != nullptr) {
    for (const format::AssociatedFile* file : *in.associated_files()) {
      const bool labels =
          file->type() == format::AssociatedFileType::TENSOR_AXIS_LABELS;
      if (labels && out.label_files.size() < kMaxTensors) {
        out.label_files.push_back(Text(file->name()));
      }
    }
  }
  return out;
}

using Tensors =
    flatbuffers::Vector<flatbuffers::Offset<format::TensorMetadata>>;

absl::Status ReadTensors(const Tensors* in, std::vector<TensorMetadata>& out) {
  if (in == nullptr) return absl::OkStatus();
  if (in->size() > kMaxTensors) {
    return absl::InvalidArgumentError(
        "metadata describes more than 1024 tensors");
  }
  for (const format::TensorMetadata* tensor : *in) {
    SOTTO_ASSIGN_OR_RETURN(TensorMetadata read, ReadTensor(*tensor));
    out.push_back(std::move(read));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ModelMetadata> ParseMetadata(ByteView bytes) {
  // FlatBuffers are read where they are aligned; in a model they need not be.
  std::vector<std::uint64_t> aligned((bytes.size() + 7) / 8);
  auto* data = reinterpret_cast<std::uint8_t*>(aligned.data());
  std::ranges::copy(bytes, data);
  flatbuffers::Verifier verifier(data, bytes.size(), 16, 1u << 16);
  if (bytes.size() < 8 || !format::ModelMetadataBufferHasIdentifier(data) ||
      !format::VerifyModelMetadataBuffer(verifier)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "no metadata of a .tflite file, or cut short (%d bytes)",
        static_cast<std::int64_t>(bytes.size())));
  }
  const format::ModelMetadata& in = *format::GetModelMetadata(data);
  ModelMetadata out;
  out.name = Text(in.name());
  out.description = Text(in.description());
  out.version = Text(in.version());
  out.author = Text(in.author());
  out.license = Text(in.license());
  if (in.subgraph_metadata() == nullptr ||
      in.subgraph_metadata()->size() == 0) {
    return out;
  }
  const format::SubGraphMetadata& graph = *in.subgraph_metadata()->Get(0);
  SOTTO_RETURN_IF_ERROR(ReadTensors(graph.input_tensor_metadata(), out.inputs));
  SOTTO_RETURN_IF_ERROR(
      ReadTensors(graph.output_tensor_metadata(), out.outputs));
  return out;
}

absl::StatusOr<ModelMetadata> ReadMetadata(const Model& model) {
  for (const auto& [name, bytes] : model.metadata) {
    if (name == "TFLITE_METADATA") return ParseMetadata(bytes);
  }
  return absl::NotFoundError("the model has no TFLITE_METADATA");
}

std::vector<std::string> SplitLines(ByteView text) {
  constexpr std::size_t kMaxLines = std::size_t{1} << 20;
  std::vector<std::string> lines;
  std::string line;
  const auto end_line = [&] {
    if (line.ends_with('\r')) line.pop_back();
    lines.push_back(std::move(line));
    line.clear();
  };
  for (const std::uint8_t c : text) {
    if (lines.size() == kMaxLines) return lines;
    if (c == '\n') {
      end_line();
    } else {
      line += static_cast<char>(c);
    }
  }
  if (!line.empty()) end_line();
  return lines;
}

absl::StatusOr<std::vector<std::string>> ReadLabels(
    ByteView file, const TensorMetadata& tensor) {
  if (tensor.label_files.empty()) return std::vector<std::string>();
  SOTTO_ASSIGN_OR_RETURN(const std::vector<ZipEntry> entries,
                         ReadZipDirectory(file));
  const std::string& wanted = tensor.label_files.front();
  for (const ZipEntry& entry : entries) {
    if (entry.name != wanted) continue;
    SOTTO_ASSIGN_OR_RETURN(const Bytes text,
                           ReadZipEntry(file, entry, kMaxLabelBytes));
    return SplitLines(text);
  }
  return absl::NotFoundError("the model's archive has no file '" + wanted +
                             "', which its metadata names");
}

}  // namespace sotto::runtime
