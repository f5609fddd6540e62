#include "runtime/support/zip_archive.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "runtime/support/zip_writer.h"

namespace sotto::runtime {
namespace {

const Bytes kText = ToBytes("cat\nbird\nbird\nbird\nbird\nbird\nbird\nbird\n");

TEST(ZipArchiveTest, ReadsStoredAndDeflatedEntriesBehindOtherBytes) {
  for (const bool deflated : {false, true}) {
    const Bytes file =
        WriteZip({{"a.txt", kText, deflated}, {"b.txt", {}, deflated}}, 13);
    const auto entries = ReadZipDirectory(file);
    ASSERT_TRUE(entries.ok()) << entries.status();
    ASSERT_EQ(entries->size(), 2u);
    EXPECT_EQ((*entries)[0].name, "a.txt");
    const auto text = ReadZipEntry(file, (*entries)[0], 1000);
    ASSERT_TRUE(text.ok()) << text.status();
    EXPECT_EQ(*text, kText);
    const auto none = ReadZipEntry(file, (*entries)[1], 1000);
    ASSERT_TRUE(none.ok()) << none.status();
    EXPECT_TRUE(none->empty());
  }
}

TEST(ZipArchiveTest, AFileWithoutAnArchiveHasNone) {
  EXPECT_EQ(ReadZipDirectory({}).status().code(), absl::StatusCode::kNotFound);
  const Bytes text(1000, 'P');
  EXPECT_EQ(ReadZipDirectory(text).status().code(),
            absl::StatusCode::kNotFound);
}

TEST(ZipArchiveTest, AnEntryLargerThanAllowedIsRefused) {
  const Bytes file = WriteZip({{"a.txt", kText, true}}, 0);
  const auto entries = ReadZipDirectory(file);
  ASSERT_TRUE(entries.ok());
  EXPECT_EQ(ReadZipEntry(file, (*entries)[0], kText.size() - 1).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(ZipArchiveTest, ContentsThatDifferFromTheirCheckSumAreRefused) {
  Bytes file = WriteZip({{"a.txt", kText, false}}, 0);
  file[30 + 5] ^= 1;  // behind the local header and the name
  const auto entries = ReadZipDirectory(file);
  ASSERT_TRUE(entries.ok());
  EXPECT_EQ(ReadZipEntry(file, (*entries)[0], 1000).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(ZipArchiveTest, NoDamagedByteAndNoCutReadsOutside) {
  const Bytes good = WriteZip({{"a.txt", kText, true}}, 3);
  const auto read_all = [](const Bytes& file) {
    const auto entries = ReadZipDirectory(file);
    if (!entries.ok()) return;
    for (const ZipEntry& entry : *entries) {
      const auto text = ReadZipEntry(file, entry, 1000);
      if (text.ok()) {
        EXPECT_LE(text->size(), 1000u);
      }
    }
  };
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const std::uint8_t value : {0x00, 0x7f, 0xff}) {
      Bytes bad = good;
      bad[i] = value;
      read_all(bad);
    }
    read_all(Bytes(good.begin(), good.begin() + static_cast<long>(i)));
    read_all(Bytes(good.begin() + static_cast<long>(i), good.end()));
  }
}

}  // namespace
}  // namespace sotto::runtime
