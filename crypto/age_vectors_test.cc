// The payload cases of the age test vectors (C2SP): what age opens we open,
// what it refuses in the payload we refuse. Headers and armor are not ours.

#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>

#include "base/file.h"
#include "crypto/sha2.h"
#include "crypto/stream.h"
#include "gtest/gtest.h"
#include "tests/support/shared_data.h"

namespace sotto::crypto {
namespace {

struct Case {
  std::map<std::string, std::string> fields;
  std::string file;  // the age file
};

Case Parse(const std::string& text) {
  Case result;
  std::size_t at = 0;
  for (;;) {
    const std::size_t end = text.find('\n', at);
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    if (line.empty()) break;
    const std::size_t colon = line.find(": ");
    result.fields[line.substr(0, colon)] = line.substr(colon + 2);
  }
  result.file = text.substr(at);
  if (result.fields.count("compressed") != 0) {
    std::string out(1 << 25, '\0');
    uLongf size = out.size();
    EXPECT_EQ(uncompress(reinterpret_cast<Bytef*>(out.data()), &size,
                         reinterpret_cast<const Bytef*>(result.file.data()),
                         result.file.size()),
              Z_OK);
    out.resize(size);
    result.file = out;
  }
  return result;
}

TEST(AgeVectorsTest, PayloadsOpenOrFailAsInAge) {
  SOTTO_SHARED_DATA_OR_SKIP(folder, "vectors/age");
  int opened = 0, refused = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    SCOPED_TRACE(entry.path().filename().string());
    Case test = Parse(ReadTextFile(entry.path().string()).value());
    const std::string& expect = test.fields["expect"];
    if (test.fields.count("armored") != 0 ||
        test.fields.count("file key") == 0 ||
        (expect != "success" && expect != "payload failure")) {
      continue;
    }
    const std::size_t mac = test.file.find("\n--- ");
    ASSERT_NE(mac, std::string::npos);
    const std::size_t body = test.file.find('\n', mac + 1) + 1;
    const ByteView payload = AsBytes(test.file).subspan(body);
    if (payload.size() < kStreamNonceBytes) {
      EXPECT_NE(expect, "success");
      ++refused;
      continue;
    }
    const Bytes raw = HexDecode(test.fields["file key"]).value();
    ASSERT_EQ(raw.size(), 16u);
    const Stream stream(
        StreamPayloadKey(Secret<16>::FromBytes(ByteView(raw).first<16>()),
                         payload.first(kStreamNonceBytes)));
    const auto plaintext = stream.OpenAll(payload.subspan(kStreamNonceBytes));
    EXPECT_EQ(plaintext.ok(), expect == "success") << plaintext.status();
    if (plaintext.ok()) {
      EXPECT_EQ(HexEncode(Sha256(plaintext->Reveal())), test.fields["payload"]);
      // Compared before printing: a mismatch would print up to 32 MiB.
      EXPECT_TRUE(std::ranges::equal(stream.SealAll(plaintext->Reveal()),
                                     payload.subspan(kStreamNonceBytes)));
      ++opened;
    } else {
      ++refused;
    }
  }
  EXPECT_GE(opened, 10);
  EXPECT_GE(refused, 15);
}

}  // namespace
}  // namespace sotto::crypto
