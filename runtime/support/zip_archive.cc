#include "runtime/support/zip_archive.h"

#include <zlib.h>

#include <algorithm>

#include "base/status.h"

namespace sotto::runtime {
namespace {

constexpr std::size_t kEndBytes = 22, kCentralBytes = 46, kLocalBytes = 30;
constexpr std::size_t kMaxComment = 0xffff;

std::uint16_t Read16(ByteView bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] | bytes[at + 1] << 8);
}

std::uint32_t Read32(ByteView bytes, std::size_t at) {
  return Read16(bytes, at) | static_cast<std::uint32_t>(Read16(bytes, at + 2))
                                 << 16;
}

bool IsRecord(ByteView bytes, std::size_t at, std::uint8_t a, std::uint8_t b) {
  return bytes[at] == 'P' && bytes[at + 1] == 'K' && bytes[at + 2] == a &&
         bytes[at + 3] == b;
}

// The end record whose comment reaches to the end of the file.
absl::StatusOr<std::size_t> FindEnd(ByteView file) {
  const std::size_t reach = std::min(file.size(), kEndBytes + kMaxComment);
  for (std::size_t back = kEndBytes; back <= reach; ++back) {
    const std::size_t at = file.size() - back;
    if (IsRecord(file, at, 5, 6) && Read16(file, at + 20) + kEndBytes == back) {
      return at;
    }
  }
  return absl::NotFoundError("there is no zip archive at the end of the file");
}

absl::StatusOr<Bytes> Inflate(ByteView packed, std::size_t size) {
  Bytes out(size);
  std::uint8_t none = 0;  // zlib wants a pointer even to nothing
  z_stream stream = {};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) {
    return absl::ResourceExhaustedError("zlib has no memory");
  }
  stream.next_in = const_cast<Bytef*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = out.empty() ? &none : out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  const int result = inflate(&stream, Z_FINISH);
  const bool whole =
      result == Z_STREAM_END && stream.avail_out == 0 && stream.avail_in == 0;
  inflateEnd(&stream);
  if (!whole) {
    return absl::InvalidArgumentError(
        "its deflated bytes are damaged or of another size");
  }
  return out;
}

}  // namespace

absl::StatusOr<std::vector<ZipEntry>> ReadZipDirectory(ByteView file) {
  SOTTO_ASSIGN_OR_RETURN(const std::size_t end, FindEnd(file));
  const std::size_t count = Read16(file, end + 10);
  const std::size_t size = Read32(file, end + 12);
  const std::size_t offset = Read32(file, end + 16);
  if (Read16(file, end + 4) != 0 || Read16(file, end + 8) != count ||
      count == 0xffff || offset == 0xffffffff) {
    return absl::UnimplementedError("the archive is zip64 or has parts");
  }
  if (size > end || offset > end - size) {
    return absl::InvalidArgumentError(
        "the archive's directory lies outside the file");
  }
  // Offsets count from the first byte of the archive, which may not be the
  // file's.
  const std::size_t base = end - size - offset;
  std::vector<ZipEntry> entries;
  std::size_t at = end - size;
  for (std::size_t i = 0; i < count; ++i) {
    if (end - at < kCentralBytes || !IsRecord(file, at, 1, 2)) {
      return absl::InvalidArgumentError(
          absl::StrFormat("entry %d of the archive's directory is damaged",
                          static_cast<int>(i)));
    }
    const std::size_t name = Read16(file, at + 28);
    const std::size_t rest =
        name + Read16(file, at + 30) + Read16(file, at + 32);
    const std::size_t header = Read32(file, at + 42);
    if (end - at - kCentralBytes < rest || header > end - base ||
        (Read16(file, at + 8) & 1) != 0) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "entry %d of the archive's directory is cut short, outside the file "
          "or encrypted",
          static_cast<int>(i)));
    }
    entries.push_back({.name = ToString(file.subspan(at + kCentralBytes, name)),
                       .method = Read16(file, at + 10),
                       .crc32 = Read32(file, at + 16),
                       .packed_bytes = Read32(file, at + 20),
                       .bytes = Read32(file, at + 24),
                       .header_offset = base + header});
    at += kCentralBytes + rest;
  }
  return entries;
}

absl::StatusOr<Bytes> ReadZipEntry(ByteView file, const ZipEntry& entry,
                                   std::size_t max_bytes) {
  const auto bad = [&](const char* what) {
    return absl::InvalidArgumentError(
        absl::StrFormat("'%s' in the archive: %s", entry.name, what));
  };
  if (entry.bytes > max_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrFormat("'%s' in the archive has %d bytes, allowed are %d",
                        entry.name, static_cast<std::int64_t>(entry.bytes),
                        static_cast<std::int64_t>(max_bytes)));
  }
  if (entry.header_offset > file.size() ||
      file.size() - entry.header_offset < kLocalBytes ||
      !IsRecord(file, entry.header_offset, 3, 4)) {
    return bad("its header is damaged");
  }
  const std::size_t skip = kLocalBytes +
                           Read16(file, entry.header_offset + 26) +
                           Read16(file, entry.header_offset + 28);
  const std::size_t room = file.size() - entry.header_offset;
  if (room < skip || room - skip < entry.packed_bytes) {
    return bad("its bytes end outside the file");
  }
  const ByteView packed =
      file.subspan(entry.header_offset + skip, entry.packed_bytes);
  Bytes out;
  if (entry.method == 0) {
    if (packed.size() != entry.bytes) return bad("it has two sizes");
    out.assign(packed.begin(), packed.end());
  } else if (entry.method == 8) {
    absl::StatusOr<Bytes> inflated = Inflate(packed, entry.bytes);
    if (!inflated.ok()) return Annotate(inflated.status(), entry.name);
    out = *std::move(inflated);
  } else {
    return absl::UnimplementedError(absl::StrFormat(
        "'%s' in the archive: compression %d, this build reads 0 and 8",
        entry.name, entry.method));
  }
  const uLong sum = ::crc32(0, out.data(), static_cast<uInt>(out.size()));
  if (!out.empty() && sum != entry.crc32) return bad("its check sum differs");
  return out;
}

}  // namespace sotto::runtime
