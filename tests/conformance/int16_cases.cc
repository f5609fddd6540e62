#include "tests/conformance/int16_cases.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "base/file.h"
#include "base/status.h"
#include "tests/conformance/seeded_values.h"

namespace sotto::conformance {
namespace {

namespace fs = std::filesystem;

absl::StatusOr<Bytes> ReadNumbers(const fs::path& path,
                                  runtime::ElementType type) {
  SOTTO_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path.string()));
  std::istringstream numbers(text);
  Bytes made;
  for (std::string number; std::getline(numbers, number, ',');) {
    AppendElement(type, std::atof(number.c_str()), made);
  }
  return made;
}

absl::StatusOr<Int16Case> ReadCase(const fs::path& model) {
  Int16Case made;
  const std::string stem = (model.parent_path() / model.stem()).string();
  made.feed.name = model.stem().string();
  SOTTO_ASSIGN_OR_RETURN(made.file, ReadFile(model.string()));
  const bool wide_golden = fs::exists(stem + "_golden_int32.csv");
  made.golden.type =
      wide_golden ? runtime::ElementType::kInt32 : runtime::ElementType::kInt16;
  SOTTO_ASSIGN_OR_RETURN(made.golden.bytes,
                         ReadNumbers(stem + (wide_golden ? "_golden_int32.csv"
                                                         : "_golden_int16.csv"),
                                     made.golden.type));
  for (int i = 0;; ++i) {
    const std::string input = stem + "_input" + std::to_string(i);
    const bool wide = fs::exists(input + "_int32.csv");
    const fs::path path = input + (wide ? "_int32.csv" : "_int16.csv");
    if (!fs::exists(path)) break;
    SOTTO_ASSIGN_OR_RETURN(
        Bytes values, ReadNumbers(path, wide ? runtime::ElementType::kInt32
                                             : runtime::ElementType::kInt16));
    made.feed.inputs.push_back(std::move(values));
  }
  return made;
}

}  // namespace

absl::StatusOr<std::vector<Int16Case>> ReadInt16Cases(
    const std::string& archive) {
  const fs::path folder = fs::path(SOTTO_BINARY_DIR) / "int16_ops";
  std::error_code error;
  fs::create_directories(folder, error);
  const std::string command =
      "tar -xzf '" + archive + "' -C '" + folder.string() + "'";
  if (error || std::system(command.c_str()) != 0) {
    return absl::InvalidArgumentError("cannot unpack " + archive);
  }
  std::vector<fs::path> models;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".tflite") models.push_back(entry.path());
  }
  std::sort(models.begin(), models.end());
  std::vector<Int16Case> made;
  for (const fs::path& model : models) {
    SOTTO_ASSIGN_OR_RETURN(Int16Case one, ReadCase(model));
    made.push_back(std::move(one));
  }
  return made;
}

}  // namespace sotto::conformance
