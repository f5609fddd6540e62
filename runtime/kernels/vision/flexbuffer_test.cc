// The map reader against FlatBuffers' own writer.

#include "runtime/kernels/custom/flexbuffer.h"

#include <string>
#include <vector>

#include "flatbuffers/flexbuffers.h"
#include "gtest/gtest.h"

namespace sotto::runtime {
namespace {

std::vector<std::uint8_t> Options() {
  flexbuffers::Builder builder;
  builder.Map([&] {
    builder.Int("small", 7);
    builder.Int("negative", -300);
    builder.UInt("unsigned", 200);
    builder.Float("f", 0.375f);
    builder.Double("d", 1.5e-3);
    builder.Bool("yes", true);
    builder.Bool("no", false);
    builder.Int("large", std::int64_t{1} << 40);
    builder.IndirectInt("far", 123456);
    builder.IndirectFloat("far_f", 2.5f);
    builder.String("text", "words");
  });
  builder.Finish();
  return builder.GetBuffer();
}

TEST(FlexMapTest, NumbersAreFoundByName) {
  const std::vector<std::uint8_t> bytes = Options();
  const FlexMap map(bytes);
  EXPECT_EQ(map.size(), 11u);
  std::int32_t i = 0;
  EXPECT_TRUE(map.Get("small", &i));
  EXPECT_EQ(i, 7);
  EXPECT_TRUE(map.Get("negative", &i));
  EXPECT_EQ(i, -300);
  EXPECT_TRUE(map.Get("unsigned", &i));
  EXPECT_EQ(i, 200);
  EXPECT_TRUE(map.Get("far", &i));
  EXPECT_EQ(i, 123456);
  float f = 0;
  EXPECT_TRUE(map.Get("f", &f));
  EXPECT_EQ(f, 0.375f);
  EXPECT_TRUE(map.Get("d", &f));
  EXPECT_EQ(f, 1.5e-3f);
  EXPECT_TRUE(map.Get("far_f", &f));
  EXPECT_EQ(f, 2.5f);
  EXPECT_TRUE(map.Get("small", &f));
  EXPECT_EQ(f, 7.0f);
  bool b = false;
  EXPECT_TRUE(map.Get("yes", &b));
  EXPECT_TRUE(b);
  EXPECT_TRUE(map.Get("no", &b));
  EXPECT_FALSE(b);
}

TEST(FlexMapTest, MissingNamesOtherTypesAndOverflowAreNotFound) {
  const std::vector<std::uint8_t> bytes = Options();
  const FlexMap map(bytes);
  std::int32_t i = 42;
  EXPECT_FALSE(map.Get("absent", &i));
  EXPECT_FALSE(map.Get("smal", &i));
  EXPECT_FALSE(map.Get("text", &i));
  EXPECT_FALSE(map.Get("large", &i));
  EXPECT_EQ(i, 42);
}

TEST(FlexMapTest, WideMapsAreRead) {
  flexbuffers::Builder builder;
  builder.Map([&] {
    for (int i = 0; i < 300; ++i) {
      builder.Int(("option" + std::to_string(i)).c_str(), i * 1000);
    }
  });
  builder.Finish();
  const FlexMap map(builder.GetBuffer());
  std::int32_t i = 0;
  EXPECT_TRUE(map.Get("option299", &i));
  EXPECT_EQ(i, 299000);
}

// Every cut and every changed byte is either read or refused, within bounds.
TEST(FlexMapTest, DamagedBytesAreHarmless) {
  const std::vector<std::uint8_t> good = Options();
  const char* const names[] = {"small", "f", "far", "yes", "text", "absent"};
  const auto read_all = [&](const std::vector<std::uint8_t>& bytes) {
    const FlexMap map(bytes);
    std::int32_t i = 0;
    float f = 0;
    std::size_t found = 0;
    for (const char* name : names) {
      found += map.Get(name, &i) + map.Get(name, &f);
    }
    return found;
  };
  EXPECT_EQ(read_all(good), 8u);
  for (std::size_t size = 0; size < good.size(); ++size) {
    // A copy of its own, so that a sanitizer sees a read behind the end.
    EXPECT_LE(read_all({good.begin(),
                        good.begin() + static_cast<std::ptrdiff_t>(size)}),
              12u);
  }
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      std::vector<std::uint8_t> bad = good;
      bad[at] = static_cast<std::uint8_t>(value);
      EXPECT_LE(read_all(bad), 12u);
    }
  }
}

}  // namespace
}  // namespace sotto::runtime
