#include "server/http/served_path.h"

#include <string>

#include "base/file.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::server {
namespace {

class ServedPathTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = ::testing::TempDir() + "/sotto_served";
    ASSERT_THAT(MakeFolder(root_ + "/pub/deep"), IsOk());
    for (const char* name : {"/secret", "/pub/1.root.json",
                             "/pub/family%2Fdigits.json", "/pub/deep/a b"}) {
      ASSERT_THAT(WriteFileAtomically(root_ + name, std::string_view("x")),
                  IsOk());
    }
  }
  std::string root_;
};

TEST_F(ServedPathTest, FilesBelowTheFolderAreFound) {
  EXPECT_THAT(ServedPath(root_ + "/pub", "1.root.json"), IsOk());
  EXPECT_THAT(ServedPath(root_ + "/pub", "1.root.json?x=1"), IsOk());
  EXPECT_THAT(ServedPath(root_ + "/pub", "deep/a%20b"), IsOk());
}

TEST_F(ServedPathTest, APercentEncodedRoleIsAFileName) {
  EXPECT_THAT(ServedPath(root_ + "/pub", "family%2Fdigits.json"), IsOk());
  EXPECT_THAT(ServedPath(root_ + "/pub", "family%252Fdigits.json"), IsOk());
}

TEST_F(ServedPathTest, NothingOutsideTheFolderIsServed) {
  for (const char* path :
       {"../secret", "deep/../../secret", "%2e%2e/secret", "..%2fsecret",
        "/secret", "", "deep//a", ".", "a%0", "a%zz", "a%00", "..%5csecret"}) {
    EXPECT_THAT(ServedPath(root_ + "/pub", path),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << path;
  }
  EXPECT_THAT(ServedPath(root_ + "/pub", "absent"),
              StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace sotto::server
