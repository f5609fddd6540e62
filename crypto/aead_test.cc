#include "crypto/aead.h"

#include <openssl/err.h>

#include "crypto/p256.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::crypto {
namespace {

TEST(AeadTest, ADamagedMessageIsRefusedAndItsTextZeroed) {
  const Aead aead{Secret<32>()};
  Bytes sealed = aead.Seal({}, AsBytes("aad"), AsBytes("plaintext"));
  Bytes out(9, 7);
  EXPECT_THAT(aead.OpenInto({}, AsBytes("aad"), sealed, out), IsOk());
  EXPECT_EQ(ToString(out), "plaintext");
  sealed[0] ^= 1;
  EXPECT_THAT(aead.OpenInto({}, AsBytes("aad"), sealed, out),
              StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_EQ(out, Bytes(9, 0));
}

TEST(AeadTest, AMessageShorterThanATagIsRefused) {
  EXPECT_THAT(Aead{Secret<32>()}.Open({}, {}, Bytes(15)),
              StatusIs(absl::StatusCode::kDataLoss));
}

// TLS in the same thread reads the library's error queue: what we refuse must
// leave nothing in it.
TEST(ErrorQueueTest, RefusedInputsLeaveItEmpty) {
  ERR_clear_error();
  EXPECT_FALSE(Aead{Secret<32>()}.Open({}, {}, Bytes(40)).ok());
  EXPECT_EQ(ERR_peek_error(), 0u);
  Bytes no_point(65, 9);
  no_point[0] = 4;
  EXPECT_THAT(P256Agree(Bytes(32, 1), no_point),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(ERR_peek_error(), 0u);
}

}  // namespace
}  // namespace sotto::crypto
