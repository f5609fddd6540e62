#include <cstddef>
#include <cstdint>

#include "runtime/support/model_metadata.h"
#include "runtime/support/zip_archive.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const sotto::ByteView bytes(data, size);
  (void)sotto::runtime::ParseMetadata(bytes);
  const auto entries = sotto::runtime::ReadZipDirectory(bytes);
  if (!entries.ok()) return 0;
  for (const auto& entry : *entries) {
    (void)sotto::runtime::ReadZipEntry(bytes, entry, 1 << 16);
  }
  return 0;
}
