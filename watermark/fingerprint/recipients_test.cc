#include "watermark/fingerprint/recipients.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/file.h"
#include "crypto/certificate.h"
#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "watermark/test_models.h"

namespace sotto::watermark {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RecipientsTest : public ::testing::Test {
 protected:
  RecipientsTest()
      : folder_(::testing::TempDir() + "sotto_recipients_" +
                std::to_string(::getpid())) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~RecipientsTest() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, ByteView bytes) {
    ASSERT_THAT(WriteFileAtomically(folder_ + "/" + name, bytes), IsOk());
  }
  // Writes a device's certificate; returns its name as a recipient.
  std::string Issue(const std::string& name, std::uint64_t seed) {
    crypto::SeededRng rng = RngFor("device", seed);
    const auto device = crypto::SigningKey::Generate(rng);
    const auto issuer = crypto::SigningKey::Generate(rng);
    Write(name, crypto::IssueCertificate(issuer, device.public_key(), "digits",
                                         0, 1));
    return HexEncode(crypto::DeviceIdOf(device.public_key()));
  }

  const std::string folder_;
};

TEST_F(RecipientsTest, AFolderOfCertificatesNamesItsDevicesInOrder) {
  std::vector<std::string> names = {Issue("b.cert", 1), Issue("a.cert", 2),
                                    Issue("c.cert", 3)};
  Issue("again.cert", 1);
  std::ranges::sort(names);
  const auto read = ReadRecipients(folder_);
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(*read, names);
}

TEST_F(RecipientsTest, ATextFileNamesOneALine) {
  Write("names", AsBytes("zoe\n# a comment\n  adam \r\n\nzoe # twice\n"));
  const auto read = ReadRecipients(folder_ + "/names");
  ASSERT_THAT(read, IsOk());
  EXPECT_THAT(*read, ElementsAre("adam", "zoe"));
}

TEST_F(RecipientsTest, RefusesWhatNamesNobody) {
  EXPECT_THAT(ReadRecipients(folder_),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("names no recipient")));
  EXPECT_THAT(ReadRecipients(folder_ + "/absent"),
              StatusIs(absl::StatusCode::kNotFound));
  Issue("a.cert", 1);
  Write("readme", AsBytes("not a certificate"));
  EXPECT_THAT(
      ReadRecipients(folder_),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("readme")));
}

}  // namespace
}  // namespace sotto::watermark
