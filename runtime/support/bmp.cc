// DecodeImage: the header of a BMP file, then rows from the bottom (or, with a
// negative height, from the top), each a multiple of 4 bytes.

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/status.h"
#include "runtime/support/image.h"

namespace sotto::runtime {
namespace {

constexpr std::size_t kFileHeader = 14, kInfoHeader = 40;
constexpr std::int32_t kMaxSide = 16384;
constexpr std::int64_t kMaxPixels = std::int64_t{1} << 26;

std::uint32_t Read32(ByteView bytes, std::size_t at) {
  return static_cast<std::uint32_t>(bytes[at]) |
         static_cast<std::uint32_t>(bytes[at + 1]) << 8 |
         static_cast<std::uint32_t>(bytes[at + 2]) << 16 |
         static_cast<std::uint32_t>(bytes[at + 3]) << 24;
}

std::uint32_t Read16(ByteView bytes, std::size_t at) {
  return static_cast<std::uint32_t>(bytes[at]) |
         static_cast<std::uint32_t>(bytes[at + 1]) << 8;
}

struct Header {
  std::int32_t width = 0, height = 0;
  bool from_top = false;
  std::size_t pixel_bytes = 3, row_bytes = 0, offset = 0;
  std::array<std::size_t, 3> at = {2, 1, 0};  // of red, green, blue in a pixel
};

// Which byte of a pixel the mask covers.
absl::StatusOr<std::size_t> ByteOfMask(std::uint32_t mask) {
  for (std::size_t i = 0; i < 4; ++i) {
    if (mask == std::uint32_t{0xff} << (8 * i)) return i;
  }
  return absl::UnimplementedError(
      "the BMP's colours are not whole bytes of a pixel");
}

absl::Status ReadMasks(ByteView bytes, Header& header) {
  // Behind a header of 40 bytes, or the fields that follow in a longer one.
  constexpr std::size_t kMasks = kFileHeader + kInfoHeader;
  if (bytes.size() < kMasks + 12) {
    return absl::InvalidArgumentError("the BMP has no colour masks");
  }
  for (std::size_t i = 0; i < 3; ++i) {
    SOTTO_ASSIGN_OR_RETURN(header.at[i],
                           ByteOfMask(Read32(bytes, kMasks + 4 * i)));
  }
  return absl::OkStatus();
}

absl::StatusOr<Header> ReadHeader(ByteView bytes) {
  if (bytes.size() < kFileHeader + kInfoHeader ||
      Read32(bytes, kFileHeader) < kInfoHeader) {
    return absl::InvalidArgumentError("the BMP's header is cut short");
  }
  Header header;
  header.width = static_cast<std::int32_t>(Read32(bytes, 18));
  const auto height = static_cast<std::int32_t>(Read32(bytes, 22));
  const std::int64_t tall = std::abs(static_cast<std::int64_t>(height));
  header.from_top = height < 0;
  const std::uint32_t bits = Read16(bytes, 28), compression = Read32(bytes, 30);
  if (header.width < 1 || header.width > kMaxSide || tall < 1 ||
      tall > kMaxSide || header.width * tall > kMaxPixels) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "the BMP is %dx%d, expected 1 to %d on a side and at most 2^26 pixels",
        header.width, height, kMaxSide));
  }
  header.height = static_cast<std::int32_t>(tall);
  const bool masks = compression == 3 && bits == 32;
  if ((bits != 24 && bits != 32) || (compression != 0 && !masks)) {
    return absl::UnimplementedError(
        absl::StrFormat("the BMP has %d bits a pixel and compression %d; this "
                        "build reads 24 or 32 bits without compression",
                        bits, compression));
  }
  if (masks) SOTTO_RETURN_IF_ERROR(ReadMasks(bytes, header));
  header.pixel_bytes = bits / 8;
  header.row_bytes =
      (static_cast<std::size_t>(header.width) * header.pixel_bytes + 3) / 4 * 4;
  header.offset = Read32(bytes, 10);
  return header;
}

absl::StatusOr<Image> DecodeBmp(ByteView bytes) {
  SOTTO_ASSIGN_OR_RETURN(const Header header, ReadHeader(bytes));
  const auto width = static_cast<std::size_t>(header.width);
  const auto height = static_cast<std::size_t>(header.height);
  if (header.offset > bytes.size() ||
      bytes.size() - header.offset < header.row_bytes * height) {
    return absl::InvalidArgumentError(
        absl::StrFormat("the BMP has %d bytes, its pixels need %d from byte %d",
                        static_cast<std::int64_t>(bytes.size()),
                        static_cast<std::int64_t>(header.row_bytes * height),
                        static_cast<std::int64_t>(header.offset)));
  }
  Image image{.width = header.width, .height = header.height, .rgb = {}};
  image.rgb.resize(width * height * 3);
  std::uint8_t* to = image.rgb.data();
  for (std::size_t y = 0; y < height; ++y) {
    const std::size_t row = header.from_top ? y : height - 1 - y;
    const std::uint8_t* from =
        bytes.data() + header.offset + row * header.row_bytes;
    for (std::size_t x = 0; x < width; ++x, from += header.pixel_bytes) {
      for (const std::size_t at : header.at) *to++ = from[at];
    }
  }
  return image;
}

bool StartsWith(ByteView bytes, std::initializer_list<int> begin) {
  return bytes.size() >= begin.size() &&
         std::equal(begin.begin(), begin.end(), bytes.begin());
}

}  // namespace

absl::StatusOr<Image> DecodeImage(ByteView bytes) {
  if (StartsWith(bytes, {'B', 'M'})) return DecodeBmp(bytes);
  const char* format = nullptr;
  if (StartsWith(bytes, {0x89, 'P', 'N', 'G'})) format = "PNG";
  if (StartsWith(bytes, {0xff, 0xd8, 0xff})) format = "JPEG";
  if (StartsWith(bytes, {'G', 'I', 'F', '8'})) format = "GIF";
  if (format != nullptr) {
    return absl::UnimplementedError(absl::StrFormat(
        "the picture is a %s; this build reads BMP: convert it first", format));
  }
  return absl::InvalidArgumentError("the file is no BMP picture");
}

}  // namespace sotto::runtime
