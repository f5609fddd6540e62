// sotto-conformance-cases FOLDER: writes every case as FOLDER/NAME.tflite, and
// FOLDER/cases.json that says what to feed them. make_goldens reads both.

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "runtime/loader/model_writer.h"
#include "tests/conformance/case.h"

namespace sotto::conformance {
namespace {

int Failed(const std::string& path) {
  std::fprintf(stderr, "sotto-conformance-cases: cannot write %s\n",
               path.c_str());
  return 1;
}

int Run(const std::string& folder) {
  nlohmann::json families = nlohmann::json::array();
  for (const Family& family : Families()) {
    nlohmann::json cases = nlohmann::json::array();
    for (const Case& c : family.cases()) {
      const Bytes bytes = runtime::WriteModel(c.model);
      std::ofstream file(folder + "/" + c.name + ".tflite", std::ios::binary);
      file.write(reinterpret_cast<const char*>(bytes.data()),
                 static_cast<std::streamsize>(bytes.size()));
      if (!file.flush()) return Failed(folder + "/" + c.name + ".tflite");
      nlohmann::json ranges = nlohmann::json::array();
      for (const Range& r : c.ranges) ranges.push_back({r.low, r.high});
      cases.push_back({{"name", c.name},
                       {"ranges", ranges},
                       {"resize", c.resize},
                       {"invocations", c.invocations}});
    }
    families.push_back({{"family", family.name}, {"cases", cases}});
  }
  std::ofstream file(folder + "/cases.json");
  file << families.dump(1) << "\n";
  return file.flush() ? 0 : Failed(folder + "/cases.json");
}

}  // namespace
}  // namespace sotto::conformance

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: sotto-conformance-cases FOLDER\n");
    return 2;
  }
  return sotto::conformance::Run(argv[1]);
}
