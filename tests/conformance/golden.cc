#include "tests/conformance/golden.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <sstream>

#include "absl/strings/str_format.h"
#include "base/status.h"

namespace sotto::conformance {
namespace {

using runtime::ElementType;
using runtime::OpCode;

const std::map<std::string, ElementType>& TypesByName() {
  static const std::map<std::string, ElementType> types = {
      {"float32", ElementType::kFloat32}, {"int8", ElementType::kInt8},
      {"uint8", ElementType::kUint8},     {"int16", ElementType::kInt16},
      {"int32", ElementType::kInt32},     {"int64", ElementType::kInt64},
      {"bool", ElementType::kBool}};
  return types;
}

absl::StatusOr<Result> ParseLine(const std::string& line) {
  Result made;
  std::string type, shape, hex;
  std::istringstream words(line);
  if (!(words >> made.invocation >> made.output >> type >> shape >> hex) ||
      !TypesByName().contains(type)) {
    return absl::InvalidArgumentError("not a golden line: " +
                                      line.substr(0, 80));
  }
  made.type = TypesByName().at(type);
  std::istringstream dims(shape == "-" ? "" : shape);
  for (std::string dim; std::getline(dims, dim, 'x');) {
    if (made.shape.rank == runtime::Shape::kMaxRank) {
      return absl::InvalidArgumentError("too many dimensions: " + shape);
    }
    made.shape.dims[made.shape.rank++] = std::atoi(dim.c_str());
  }
  if (hex != "-") {
    SOTTO_ASSIGN_OR_RETURN(made.bytes, HexDecode(hex));
  }
  if (made.bytes.size() !=
      made.shape.Elements() * runtime::ElementBytes(made.type)) {
    return absl::InvalidArgumentError("wrong number of bytes: " +
                                      line.substr(0, 80));
  }
  return made;
}

template <typename T>
std::vector<T> Elements(const Result& result) {
  std::vector<T> made(result.bytes.size() / sizeof(T));
  std::memcpy(made.data(), result.bytes.data(), made.size() * sizeof(T));
  return made;
}

std::string At(std::size_t index, std::size_t count, double golden,
               double got) {
  return absl::StrFormat("element %d of %d is %.9g, expected %.9g", index,
                         count, got, golden);
}

template <typename T>
std::string WholeDifference(const Result& golden, const Result& got,
                            std::int64_t max_steps, bool arg_max) {
  const auto want = Elements<T>(golden), have = Elements<T>(got);
  for (std::size_t i = 0; i < want.size(); ++i) {
    const std::int64_t steps =
        static_cast<std::int64_t>(have[i]) - static_cast<std::int64_t>(want[i]);
    if (std::abs(steps) > max_steps) {
      return At(i, want.size(), static_cast<double>(want[i]),
                static_cast<double>(have[i]));
    }
  }
  if (!arg_max || want.empty()) return "";
  // Where several are largest, any of them will do.
  const auto best = std::max_element(have.begin(), have.end()) - have.begin();
  const T largest = *std::max_element(want.begin(), want.end());
  if (want[static_cast<std::size_t>(best)] == largest) return "";
  return absl::StrFormat("the largest element is number %d, not so expected",
                         best);
}

std::string RealDifference(const Result& golden, const Result& got,
                           double length) {
  const auto want = Elements<float>(golden), have = Elements<float>(got);
  double largest = 0.0;
  for (const float v : want) {
    if (std::isfinite(v)) largest = std::max(largest, std::fabs(double{v}));
  }
  const double tolerance = 1e-5 * largest * std::max(1.0, length / 1024);
  for (std::size_t i = 0; i < want.size(); ++i) {
    if (want[i] == have[i] || (std::isnan(want[i]) && std::isnan(have[i]))) {
      continue;
    }
    if (!(std::fabs(double{want[i]} - have[i]) <= tolerance)) {
      return At(i, want.size(), want[i], have[i]) +
             absl::StrFormat(" within %.3g", tolerance);
    }
  }
  return "";
}

std::string DimsText(const runtime::Shape& shape) {
  std::string text;
  for (std::size_t i = 0; i < shape.rank; ++i) {
    text += (i == 0 ? "" : "x") + std::to_string(shape[i]);
  }
  return text;
}

// Elements of the operator's largest constant that meet in one output element.
double ProductsOf(const runtime::Graph& graph, const runtime::OpInfo& op) {
  double most = 1.0;
  for (const std::int32_t input : op.inputs) {
    if (input == runtime::kAbsent) continue;
    const auto& tensor = graph.tensors[static_cast<std::size_t>(input)];
    if (!tensor.is_constant() || tensor.shape.rank < 2) continue;
    const bool last =
        op.code == OpCode::kDepthwiseConv2D || op.code == OpCode::kConv3D;
    const std::int32_t channels =
        tensor.shape[last ? tensor.shape.rank - 1 : 0];
    most = std::max(most, static_cast<double>(tensor.shape.Elements()) /
                              std::max(channels, 1));
  }
  return most;
}

}  // namespace

absl::StatusOr<std::map<std::string, std::vector<Result>>> ReadGoldens(
    const std::string& path) {
  std::map<std::string, std::vector<Result>> made;
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(path + " is absent");
  std::string name;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("case ")) {
      name = line.substr(5);
      made[name];
      continue;
    }
    if (name.empty()) return absl::InvalidArgumentError(path + ": no case");
    SOTTO_ASSIGN_OR_RETURN(Result result, ParseLine(line));
    made[name].push_back(std::move(result));
  }
  return made;
}

double AccumulationLength(const runtime::Model& model) {
  double sum = 0.0;
  for (std::size_t i = 0; i < model.num_graphs(); ++i) {
    for (const runtime::OpInfo& op : model.graph(i).ops) {
      sum += ProductsOf(model.graph(i), op);
    }
  }
  return std::max(sum, 1.0);
}

std::string Difference(const Result& golden, const Result& got,
                       const Rule& rule) {
  if (golden.type != got.type) return "its type differs";
  if (!(golden.shape == got.shape)) {
    return "its shape is [" + DimsText(got.shape) + "], expected [" +
           DimsText(golden.shape) + "]";
  }
  switch (golden.type) {
    case ElementType::kFloat32:
      return RealDifference(golden, got, rule.length);
    case ElementType::kInt8:
      return WholeDifference<std::int8_t>(golden, got, rule.max_steps,
                                          rule.arg_max);
    case ElementType::kUint8:
      return WholeDifference<std::uint8_t>(golden, got, rule.max_steps,
                                           rule.arg_max);
    case ElementType::kInt16:
      return WholeDifference<std::int16_t>(golden, got, rule.max_steps,
                                           rule.arg_max);
    default:
      return golden.bytes == got.bytes ? "" : "its bytes differ";
  }
}

}  // namespace sotto::conformance
