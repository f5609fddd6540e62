#include "crypto/secret.h"

#include <algorithm>
#include <type_traits>

#include "gtest/gtest.h"

namespace sotto::crypto {
namespace {

static_assert(!std::is_copy_constructible_v<Secret<32>>);
static_assert(!std::is_copy_assignable_v<Secret<32>>);
static_assert(!std::is_copy_constructible_v<SecretBytes>);

TEST(SecretTest, MovingLeavesZerosBehind) {
  const Bytes bytes(32, 7);
  Secret<32> a = Secret<32>::FromBytes(ByteView(bytes).first<32>());
  const Secret<32> b = std::move(a);
  EXPECT_TRUE(std::ranges::all_of(b.Reveal(), [](auto x) { return x == 7; }));
  EXPECT_TRUE(std::ranges::all_of(  // NOLINT: reading it is the test
      a.Reveal(), [](auto x) { return x == 0; }));
}

TEST(SecretTest, DestructionWipesTheMemory) {
  alignas(Secret<16>) std::uint8_t memory[sizeof(Secret<16>)] = {};
  const Bytes bytes(16, 9);
  auto* secret = new (memory)
      Secret<16>(Secret<16>::FromBytes(ByteView(bytes).first<16>()));
  EXPECT_EQ(secret->Reveal()[3], 9);
  secret->~Secret<16>();
  const std::uint8_t* probe = memory + 3;
  // Hides from the compiler that the object is gone.
  asm volatile("" : "+r"(probe) : : "memory");
  const int after = *probe;
  EXPECT_EQ(after, 0);
}

TEST(SecretTest, EqualityIsByContentAndLength) {
  EXPECT_TRUE(ConstantTimeEqual(Bytes{1, 2}, Bytes{1, 2}));
  EXPECT_FALSE(ConstantTimeEqual(Bytes{1, 2}, Bytes{1, 3}));
  EXPECT_FALSE(ConstantTimeEqual(Bytes{1, 2}, Bytes{1, 2, 3}));
  EXPECT_TRUE(ConstantTimeEqual({}, {}));
}

TEST(SecretTest, MovingSecretBytesLeavesNothingBehind) {
  SecretBytes a = SecretBytes::FromBytes(Bytes{1, 2, 3});
  SecretBytes b = std::move(a);
  EXPECT_EQ(b.size(), 3u);
  EXPECT_EQ(a.size(), 0u);  // NOLINT: reading it is the test
  EXPECT_TRUE(a.Reveal().empty());
  SecretBytes c;
  c = std::move(b);
  EXPECT_EQ(HexEncode(c.Reveal()), "010203");
  EXPECT_EQ(b.size(), 0u);  // NOLINT
}

TEST(SecretTest, SecretBytesHoldsWhatItWasGiven) {
  const SecretBytes secret = SecretBytes::FromBytes(Bytes{1, 2, 3});
  EXPECT_EQ(HexEncode(secret.Reveal()), "010203");
  EXPECT_TRUE(SecretBytes().empty());
}

}  // namespace
}  // namespace sotto::crypto
