#include "runtime/support/image.h"

#include <gtest/gtest.h>

namespace sotto::runtime {
namespace {

// Pixel (x, y) is {10 x, 10 y, 200}; alpha, where there is one, 77.
Bytes WriteBmp(std::int32_t width, std::int32_t height, int bits,
               bool masks = false) {
  Bytes out = {'B', 'M'};
  const auto put = [&](std::uint32_t value, int size) {
    for (int i = 0; i < size; ++i) {
      out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    }
  };
  put(0, 4);
  put(0, 4);
  put(masks ? 66 : 54, 4);
  put(40, 4);
  put(static_cast<std::uint32_t>(width), 4);
  put(static_cast<std::uint32_t>(height), 4);
  put(1, 2);
  put(static_cast<std::uint32_t>(bits), 2);
  put(masks ? 3 : 0, 4);
  for (int i = 0; i < 5; ++i) put(0, 4);
  if (masks) {
    // Red first, as no BMP without masks has it.
    put(0xff, 4);
    put(0xff00, 4);
    put(0xff0000, 4);
  }
  const std::int32_t tall = std::abs(height);
  for (std::int32_t row = 0; row < tall; ++row) {
    const std::int32_t y = height < 0 ? row : tall - 1 - row;
    const std::size_t begin = out.size();
    for (std::int32_t x = 0; x < width; ++x) {
      const auto red = static_cast<std::uint32_t>(10 * x);
      put(masks ? red : 200, 1);
      put(static_cast<std::uint32_t>(10 * y), 1);
      put(masks ? 200 : red, 1);
      if (bits == 32) put(77, 1);
    }
    while ((out.size() - begin) % 4 != 0) put(0, 1);
  }
  return out;
}

TEST(ImageTest, ReadsBmpOf24And32BitsFromBottomOrTop) {
  for (const int bits : {24, 32}) {
    for (const std::int32_t height : {2, -2}) {
      const auto image = DecodeImage(WriteBmp(3, height, bits));
      ASSERT_TRUE(image.ok()) << image.status();
      EXPECT_EQ(image->width, 3);
      EXPECT_EQ(image->height, 2);
      const Bytes want = {0, 0,  200, 10, 0,  200, 20, 0,  200,
                          0, 10, 200, 10, 10, 200, 20, 10, 200};
      EXPECT_EQ(image->rgb, want);
    }
  }
}

TEST(ImageTest, FollowsColourMasks) {
  const auto plain = DecodeImage(WriteBmp(3, 2, 32));
  const auto masked = DecodeImage(WriteBmp(3, 2, 32, true));
  ASSERT_TRUE(plain.ok() && masked.ok()) << masked.status();
  EXPECT_EQ(plain->rgb, masked->rgb);
}

TEST(ImageTest, OtherFormatsAreRefusedByName) {
  const Bytes png = {0x89, 'P', 'N', 'G', 13, 10, 26, 10};
  const auto status = DecodeImage(png).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_NE(status.message().find("PNG"), absl::string_view::npos);
  EXPECT_EQ(DecodeImage({}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(DecodeImage(WriteBmp(3, 2, 16)).status().code(),
            absl::StatusCode::kUnimplemented);
}

TEST(ImageTest, SizesThatTheFileCannotHoldAreRefused) {
  const Bytes good = WriteBmp(3, 2, 24);
  for (std::size_t i = 0; i < good.size(); ++i) {
    const Bytes cut(good.begin(), good.begin() + static_cast<long>(i));
    EXPECT_FALSE(DecodeImage(cut).ok()) << i;
  }
  for (const std::size_t at : {18u, 22u}) {
    for (const std::uint32_t side : {0u, 16385u, 0x80000000u, 0x7fffffffu}) {
      Bytes bad = good;
      for (std::size_t i = 0; i < 4; ++i) {
        bad[at + i] = static_cast<std::uint8_t>(side >> (8 * i));
      }
      EXPECT_EQ(DecodeImage(bad).status().code(),
                absl::StatusCode::kInvalidArgument);
    }
  }
}

TEST(ImageTest, ResizingKeepsAConstantAndTheMeanOfARamp) {
  Image image{.width = 8, .height = 4, .rgb = Bytes(8 * 4 * 3, 100)};
  for (const std::int32_t side : {1, 3, 8, 17}) {
    for (const float value : Resize(image, side, side)) {
      EXPECT_NEAR(value, 100.0f, 1e-3f);
    }
  }
  for (std::size_t i = 0; i < image.rgb.size(); ++i) {
    image.rgb[i] = static_cast<std::uint8_t>(i / 3 % 8 * 10);
  }
  const auto one = Resize(image, 1, 1);
  EXPECT_NEAR(one[0], 35.0f, 1e-3f);
  // Twice as wide: halfway between pixels 0 and 1 lie the values between.
  const auto wide = Resize(image, 16, 4);
  EXPECT_NEAR(wide[0], 0.0f, 1e-3f);
  EXPECT_NEAR(wide[3 * 1], 2.5f, 1e-3f);
  EXPECT_NEAR(wide[3 * 2], 7.5f, 1e-3f);
}

TEST(ImageTest, TheCentreIsWhatACropKeeps) {
  const auto image = DecodeImage(WriteBmp(6, 2, 24));
  ASSERT_TRUE(image.ok());
  const Image square = CropCenter(*image, 1, 1);
  EXPECT_EQ(square.width, 2);
  EXPECT_EQ(square.height, 2);
  EXPECT_EQ(square.rgb[0], 20);
  EXPECT_EQ(square.rgb[3], 30);
}

}  // namespace
}  // namespace sotto::runtime
