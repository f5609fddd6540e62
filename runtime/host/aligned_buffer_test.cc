#include "runtime/host/aligned_buffer.h"

#include <algorithm>
#include <cstring>

#include "gtest/gtest.h"

namespace sotto::runtime {
namespace {

// Around the sizes at which memory comes from elsewhere.
constexpr std::size_t kSizes[] = {0,       1,       65471,   65472,
                                  65473,   1310656, 1310657, 2097087,
                                  2097088, 2097089, 3407807, 6000000};

bool IsAligned(const std::uint8_t* bytes) {
  return reinterpret_cast<std::uintptr_t>(bytes) % AlignedBuffer::kAlignment ==
         0;
}

TEST(AlignedBufferTest, EveryByteAndSixtyFourBehindCanBeUsed) {
  for (const std::size_t size : kSizes) {
    AlignedBuffer buffer;
    std::uint8_t* const bytes = buffer.Reserve(size);
    ASSERT_NE(bytes, nullptr);
    EXPECT_TRUE(IsAligned(bytes)) << size;
    std::memset(bytes, 0xa5, size + 64);
    EXPECT_EQ(bytes[size + 63], 0xa5);
    EXPECT_EQ(buffer.capacity(), size);
  }
}

TEST(AlignedBufferTest, ZerosAreZerosWhateverWasThereBefore) {
  for (const std::size_t size : kSizes) {
    AlignedBuffer buffer;
    for (int round = 0; round < 2; ++round) {
      std::uint8_t* const bytes = buffer.ReserveZeros(size);
      EXPECT_TRUE(IsAligned(bytes));
      EXPECT_TRUE(std::all_of(bytes, bytes + size, [](std::uint8_t byte) {
        return byte == 0;
      })) << size;
      std::memset(bytes, 0xa5, size);
    }
  }
}

TEST(AlignedBufferTest, ItGrowsAndNeverShrinks) {
  AlignedBuffer buffer;
  const std::uint8_t* const large = buffer.Reserve(100000);
  EXPECT_EQ(buffer.Reserve(10), large);
  EXPECT_EQ(buffer.capacity(), 100000u);
  buffer.Reserve(3000000)[2999999] = 1;
  EXPECT_EQ(buffer.capacity(), 3000000u);
}

}  // namespace
}  // namespace sotto::runtime
