// The zip archive behind a .tflite file: labels and vocabularies.
//
// A small, total reader: the end record, the central directory, and entries
// that are stored or deflated. Nothing is trusted; time and memory are bounded
// by the sizes of the archive and of what is asked for. No zip64, no
// encryption, no parts.

#ifndef SOTTO_RUNTIME_SUPPORT_ZIP_ARCHIVE_H_
#define SOTTO_RUNTIME_SUPPORT_ZIP_ARCHIVE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"

namespace sotto::runtime {

struct ZipEntry {
  std::string name;
  std::uint16_t method = 0;  // 0 stored, 8 deflated
  std::uint32_t crc32 = 0;
  std::size_t packed_bytes = 0, bytes = 0;
  std::size_t header_offset = 0;  // of its local header, in the file
};

// The entries of the archive that ends at the end of `file`, whatever comes
// before it. NOT_FOUND: there is none. INVALID_ARGUMENT: it is damaged.
// UNIMPLEMENTED: zip64 or several parts.
absl::StatusOr<std::vector<ZipEntry>> ReadZipDirectory(ByteView file);

// The contents of an entry of `file`. INVALID_ARGUMENT: damaged, or the check
// sum differs. UNIMPLEMENTED: another compression. RESOURCE_EXHAUSTED: larger
// than `max_bytes`.
absl::StatusOr<Bytes> ReadZipEntry(ByteView file, const ZipEntry& entry,
                                   std::size_t max_bytes);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_SUPPORT_ZIP_ARCHIVE_H_
