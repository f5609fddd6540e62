#include "runtime/micro/export/export.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <set>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "runtime/kernels/registry.h"
#include "runtime/micro/interpreter.h"
#include "runtime/micro/kernel_list.h"

namespace sotto::runtime {
namespace {

struct NamedKernel {
  MicroKernel row;
  const char* code;
  const char* name;
};

// AllMicroKernels with the names.
std::vector<NamedKernel> NamedKernels() {
  std::vector<NamedKernel> named;
  const MicroRegistry all = AllMicroKernels();
  std::size_t i = 0;
#define SOTTO_NAME(code, name) named.push_back({all[i++], #code, #name});
  SOTTO_MICRO_KERNELS(SOTTO_NAME)
#undef SOTTO_NAME
  return named;
}

struct alignas(16) Unit {
  std::uint8_t bytes[16];
};

std::vector<Unit> Aligned(ByteView bytes) {
  std::vector<Unit> units(bytes.size() / sizeof(Unit) + 1);
  if (!bytes.empty()) std::memcpy(units.data(), bytes.data(), bytes.size());
  return units;
}

// The file and an arena that is larger than any plan.
class Trial {
 public:
  explicit Trial(ByteView file)
      : model_(Aligned(file)), bytes_(file.size()), arena_(kArenaUnits) {}

  std::span<const std::uint8_t> model() const {
    return {model_.data()->bytes, bytes_};
  }
  // Sets `arena_bytes`; after an error `failed`.
  StatusCode Prepare(const std::vector<NamedKernel>& kernels) {
    std::vector<MicroKernel> rows;
    for (const NamedKernel& kernel : kernels) rows.push_back(kernel.row);
    MicroInterpreter net(
        model(), rows,
        {.arena = {arena_.data()->bytes, arena_.size() * sizeof(Unit)}});
    const StatusCode code = net.Prepare();
    arena_bytes = net.arena_used();
    failed = net.failed_operator();
    return code;
  }

  std::size_t arena_bytes = 0;
  std::int32_t failed = -1;

 private:
  static constexpr std::size_t kArenaUnits = std::size_t{4} << 16;

  std::vector<Unit> model_;
  std::size_t bytes_;
  std::vector<Unit> arena_;
};

std::string NameOf(OpCode code) {
  return code == static_cast<OpCode>(32)
             ? "a custom operator"
             : absl::StrFormat("%s (%d)", OpName(code), static_cast<int>(code));
}

bool Serves(const std::vector<NamedKernel>& kernels, OpCode code) {
  return std::ranges::any_of(kernels, [&](const NamedKernel& kernel) {
    return kernel.row.code == code;
  });
}

// Why Prepare refused the file.
absl::Status Refusal(StatusCode code, const Trial& trial,
                     const std::vector<NamedKernel>& kernels) {
  ModelView view(trial.model());
  if (view.Open() != StatusCode::kOk) {
    return absl::Status(ToAbslCode(code),
                        "not a .tflite file that the micro profile reads");
  }
  std::set<std::string> missing;
  std::string failed;
  for (std::uint32_t i = 0; i < view.num_operators(); ++i) {
    OperatorView op;
    const StatusCode read = view.ReadOperator(i, op);
    if (read == StatusCode::kInvalidArgument) break;
    if (read != StatusCode::kOk || !Serves(kernels, op.code)) {
      missing.insert(NameOf(op.code));
    }
    if (static_cast<std::int32_t>(i) == trial.failed) failed = NameOf(op.code);
  }
  if (!missing.empty()) {
    std::string list;
    for (const std::string& name : missing) {
      list += (list.empty() ? "" : ", ") + name;
    }
    return absl::UnimplementedError("the micro profile has no " + list);
  }
  if (failed.empty()) {
    return absl::Status(ToAbslCode(code),
                        "a tensor is inconsistent, or of a kind that the micro "
                        "profile lacks");
  }
  return absl::Status(
      ToAbslCode(code),
      absl::StrFormat("operator %d %s: its types, shapes or options are not "
                      "those of the micro profile",
                      trial.failed, failed));
}

bool IsIdentifier(const std::string& name) {
  const auto fits = [](unsigned char c) { return std::isalnum(c) || c == '_'; };
  return !name.empty() && name.size() <= 64 &&
         std::ranges::all_of(name, fits) &&
         !std::isdigit(static_cast<unsigned char>(name[0]));
}

std::string Header(const std::string& name, const MicroExport& out,
                   std::size_t bytes) {
  return absl::StrFormat(
      "// Written by `sotto model micro`. A model for "
      "sotto::runtime::MicroInterpreter.\n\n"
      "#pragma once\n\n"
      "#include <cstddef>\n#include <cstdint>\n\n"
      "#include \"runtime/micro/registry.h\"\n\n"
      "namespace %s {\n\n"
      "inline constexpr std::size_t kModelBytes = %d;\n"
      "alignas(16) extern const std::uint8_t kModel[kModelBytes];\n"
      "// What Prepare needs on a 64-bit machine; a 32-bit one needs less.\n"
      "inline constexpr std::size_t kArenaBytes = %d;\n"
      "// The %d kernels that the model uses.\n"
      "sotto::runtime::MicroRegistry Kernels();\n\n"
      "}  // namespace %s\n",
      name, static_cast<std::int64_t>(bytes),
      static_cast<std::int64_t>(out.arena_bytes),
      static_cast<int>(out.kernels.size()), name);
}

std::string Source(const std::string& name, ByteView file,
                   const std::vector<NamedKernel>& kernels) {
  std::string text = absl::StrFormat(
      "// Written by `sotto model micro`.\n\n#include \"%s.h\"\n\n"
      "namespace sotto::runtime {\nextern const Kernel",
      name);
  std::set<std::string> names;
  for (const NamedKernel& kernel : kernels) names.insert(kernel.name);
  const char* between = " ";
  for (const std::string& each : names) {
    text += between + each;
    between = ",\n    ";
  }
  text += absl::StrFormat(
      ";\n}  // namespace sotto::runtime\n\nnamespace %s {\n\n"
      "static constexpr sotto::runtime::MicroKernel kKernels[] = {\n",
      name);
  for (const NamedKernel& kernel : kernels) {
    text += absl::StrFormat(
        "    {sotto::runtime::OpCode::%s, &sotto::runtime::%s},\n", kernel.code,
        kernel.name);
  }
  text +=
      "};\n\nsotto::runtime::MicroRegistry Kernels() { return kKernels; }\n\n"
      "alignas(16) extern const std::uint8_t kModel[kModelBytes] = {";
  for (std::size_t i = 0; i < file.size(); ++i) {
    text += i % 20 == 0 ? "\n    " : "";
    text += std::to_string(file[i]) + ",";
  }
  return text + absl::StrFormat("\n};\n\n}  // namespace %s\n", name);
}

}  // namespace

absl::StatusOr<MicroExport> ExportMicroModel(ByteView file,
                                             const std::string& name) {
  if (!IsIdentifier(name)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "name '%s' is no C++ identifier of at most 64 letters", name));
  }
  Trial trial(file);
  std::vector<NamedKernel> kernels = NamedKernels();
  const StatusCode code = trial.Prepare(kernels);
  if (code != StatusCode::kOk) return Refusal(code, trial, kernels);
  // From the last, so that of two kernels which take the same tensors the one
  // that is tried first stays.
  for (std::size_t i = kernels.size(); i > 0; --i) {
    std::vector<NamedKernel> fewer = kernels;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i - 1));
    if (trial.Prepare(fewer) == StatusCode::kOk) kernels = std::move(fewer);
  }
  if (trial.Prepare(kernels) != StatusCode::kOk) {
    return absl::InternalError("the chosen kernels do not run the model");
  }
  MicroExport out;
  out.arena_bytes = trial.arena_bytes;
  for (const NamedKernel& kernel : kernels) out.kernels.push_back(kernel.name);
  out.header = Header(name, out, file.size());
  out.source = Source(name, file, kernels);
  return out;
}

}  // namespace sotto::runtime
