#include "training/local/idx_dataset.h"

#include <zlib.h>

#include <algorithm>

#include "base/file.h"
#include "base/status.h"

namespace sotto::training {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{1} << 30;

std::uint32_t BigEndian(ByteView bytes) {
  return static_cast<std::uint32_t>(bytes[0]) << 24 |
         static_cast<std::uint32_t>(bytes[1]) << 16 |
         static_cast<std::uint32_t>(bytes[2]) << 8 | bytes[3];
}

absl::StatusOr<IdxFile> ReadIdx(const std::string& path) {
  const bool plain = FileExists(path);
  const std::string name = plain ? path : path + ".gz";
  absl::StatusOr<Bytes> bytes = ReadFile(name, kMaxBytes);
  if (absl::IsNotFound(bytes.status())) {
    return absl::NotFoundError(
        absl::StrFormat("neither '%s' nor '%s.gz' is there", path, path));
  }
  if (bytes.ok() && !plain) bytes = Gunzip(*bytes, kMaxBytes);
  if (!bytes.ok()) return Annotate(bytes.status(), name);
  absl::StatusOr<IdxFile> file = ParseIdx(*bytes);
  if (!file.ok()) return Annotate(file.status(), name);
  return file;
}

}  // namespace

absl::StatusOr<Bytes> Gunzip(ByteView bytes, std::size_t max_bytes) {
  z_stream stream = {};
  if (inflateInit2(&stream, 15 + 16) != Z_OK) {
    return absl::ResourceExhaustedError("gzip: out of memory");
  }
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  Bytes out;
  int code = Z_OK;
  while (code == Z_OK && out.size() <= max_bytes) {
    const std::size_t old_size = out.size();
    out.resize(old_size + (1 << 18));
    stream.next_out = out.data() + old_size;
    stream.avail_out = 1 << 18;
    code = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
    if (code == Z_BUF_ERROR) break;
  }
  inflateEnd(&stream);
  if (code != Z_STREAM_END || out.size() > max_bytes) {
    return absl::InvalidArgumentError(
        "gzip: damaged, cut short, or larger than allowed");
  }
  return out;
}

absl::StatusOr<IdxFile> ParseIdx(ByteView bytes) {
  if (bytes.size() < 4 || bytes[0] != 0 || bytes[1] != 0 || bytes[2] != 8) {
    return absl::InvalidArgumentError(
        "no IDX file of unsigned bytes (magic 00 00 08 rank)");
  }
  const std::size_t rank = bytes[3];
  if (rank < 1 || rank > 4 || bytes.size() < 4 + 4 * rank) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "IDX rank is %d, or the header is cut short", static_cast<int>(rank)));
  }
  IdxFile file;
  std::size_t product = 1;
  for (std::size_t i = 0; i < rank; ++i) {
    const std::uint32_t dim = BigEndian(bytes.subspan(4 + 4 * i));
    if (dim != 0 && product > kMaxBytes / dim) {
      return absl::InvalidArgumentError("IDX dimensions are too large");
    }
    product *= dim;
    file.dims.push_back(dim);
  }
  const ByteView values = bytes.subspan(4 + 4 * rank);
  if (values.size() != product) {
    return absl::InvalidArgumentError(
        absl::StrFormat("IDX header promises %d values, %d follow",
                        static_cast<std::int64_t>(product),
                        static_cast<std::int64_t>(values.size())));
  }
  file.values.assign(values.begin(), values.end());
  return file;
}

absl::StatusOr<ExampleTable> ReadIdxFolder(const std::string& folder,
                                           Split split) {
  const std::string prefix =
      folder + (split == Split::kTrain ? "/train-" : "/t10k-");
  SOTTO_ASSIGN_OR_RETURN(const IdxFile images,
                         ReadIdx(prefix + "images-idx3-ubyte"));
  SOTTO_ASSIGN_OR_RETURN(const IdxFile labels,
                         ReadIdx(prefix + "labels-idx1-ubyte"));
  if (images.dims.size() < 2 || labels.dims.size() != 1 ||
      images.dims[0] != labels.dims[0]) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "'%simages-idx3-ubyte': images and labels do not belong together",
        prefix));
  }
  const std::size_t count = images.dims[0];
  const std::size_t features = count == 0 ? 0 : images.values.size() / count;
  ExampleTable table(features);
  std::vector<float> row(features);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < features; ++j) {
      row[j] = static_cast<float>(images.values[i * features + j]) / 255.0f;
    }
    table.Add(row, labels.values[i]);
  }
  return table;
}

}  // namespace sotto::training
