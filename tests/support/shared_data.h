// Where the shared, uncommitted test data lies: $SOTTO_SHARED_DATA, or
// ../shared/data beside the source tree. Absent: tests skip and say so.

#ifndef SOTTO_TESTS_SUPPORT_SHARED_DATA_H_
#define SOTTO_TESTS_SUPPORT_SHARED_DATA_H_

#include <cstdlib>
#include <optional>
#include <string>

#include "base/file.h"

namespace sotto {

inline std::optional<std::string> SharedData(const std::string& relative) {
  const char* folder = std::getenv("SOTTO_SHARED_DATA");
  const std::string path =
      (folder != nullptr ? std::string(folder)
                         : std::string(SOTTO_SOURCE_DIR) + "/../shared/data") +
      "/" + relative;
  if (!FileExists(path)) return std::nullopt;
  return path;
}

}  // namespace sotto

// At the start of a test: declares `path` or skips the test.
#define SOTTO_SHARED_DATA_OR_SKIP(path, relative)                             \
  const std::optional<std::string> path##_or = ::sotto::SharedData(relative); \
  if (!path##_or)                                                             \
    GTEST_SKIP() << "skipped: shared data '" << relative << "' is absent";    \
  const std::string path = *path##_or

#endif  // SOTTO_TESTS_SUPPORT_SHARED_DATA_H_
