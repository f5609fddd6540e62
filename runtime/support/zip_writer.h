// Zip archives for tests.

#ifndef SOTTO_RUNTIME_SUPPORT_ZIP_WRITER_H_
#define SOTTO_RUNTIME_SUPPORT_ZIP_WRITER_H_

#include <zlib.h>

#include <string>
#include <vector>

#include "base/bytes.h"

namespace sotto::runtime {

struct ZipContent {
  std::string name;
  Bytes bytes;
  bool deflated = false;
};

inline Bytes Deflate(const Bytes& bytes) {
  z_stream stream = {};
  deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  Bytes out(deflateBound(&stream, bytes.size()));
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// An archive behind `gap` bytes of something else.
inline Bytes WriteZip(const std::vector<ZipContent>& contents,
                      std::size_t gap) {
  Bytes out(gap, 'x'), directory;
  const auto put = [](Bytes& to, std::uint64_t value, int width) {
    for (int i = 0; i < width; ++i) {
      to.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    }
  };
  for (const ZipContent& content : contents) {
    const Bytes packed =
        content.deflated ? Deflate(content.bytes) : content.bytes;
    const auto sum = ::crc32(0, content.bytes.data(),
                             static_cast<uInt>(content.bytes.size()));
    const std::size_t offset = out.size() - gap;
    const auto common = [&](Bytes& to) {
      put(to, 20, 2);
      put(to, 0, 2);
      put(to, content.deflated ? 8 : 0, 2);
      put(to, 0, 4);
      put(to, content.bytes.empty() ? 0 : sum, 4);
      put(to, packed.size(), 4);
      put(to, content.bytes.size(), 4);
      put(to, content.name.size(), 2);
      put(to, 0, 2);
    };
    put(out, 0x04034b50, 4);
    common(out);
    out.insert(out.end(), content.name.begin(), content.name.end());
    out.insert(out.end(), packed.begin(), packed.end());
    put(directory, 0x02014b50, 4);
    put(directory, 20, 2);
    common(directory);
    put(directory, 0, 2);
    put(directory, 0, 2);
    put(directory, 0, 2);
    put(directory, 0, 4);
    put(directory, offset, 4);
    directory.insert(directory.end(), content.name.begin(), content.name.end());
  }
  const std::size_t offset = out.size() - gap;
  out.insert(out.end(), directory.begin(), directory.end());
  put(out, 0x06054b50, 4);
  put(out, 0, 4);
  put(out, contents.size(), 2);
  put(out, contents.size(), 2);
  put(out, directory.size(), 4);
  put(out, offset, 4);
  put(out, 0, 2);
  return out;
}

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_SUPPORT_ZIP_WRITER_H_
