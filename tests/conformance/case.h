// A small model of our own with what to feed it: one operator, or a few.
//
//   OneOp({.name = "add_f32", .code = OpCode::kAdd,
//          .inputs = {Input(kF32, {2, 3}), Input(kF32, {3})},
//          .outputs = {Output(kF32)}})
//
// Weights and inputs are seeded by the case's name, so a case is the same bytes
// everywhere and for ever, and its outputs can be stored (goldens/).

#ifndef SOTTO_TESTS_CONFORMANCE_CASE_H_
#define SOTTO_TESTS_CONFORMANCE_CASE_H_

#include <ostream>
#include <string>
#include <vector>

#include "runtime/loader/model.h"

namespace sotto::conformance {

using runtime::ElementType;
using runtime::OpCode;
using runtime::Options;
using runtime::Quantization;

inline constexpr ElementType kF32 = ElementType::kFloat32;
inline constexpr ElementType kI8 = ElementType::kInt8;
inline constexpr ElementType kU8 = ElementType::kUint8;
inline constexpr ElementType kI16 = ElementType::kInt16;
inline constexpr ElementType kI32 = ElementType::kInt32;
inline constexpr ElementType kI64 = ElementType::kInt64;
inline constexpr ElementType kBool = ElementType::kBool;

// "f32", "i8", ...: as case names have it.
std::string TypeName(ElementType type);

using Dims = std::vector<std::int32_t>;

// Graph inputs are drawn from [low, high].
struct Range {
  double low = 0.0, high = 0.0;
};

struct Case {
  std::string name;
  runtime::Model model;
  std::vector<Range> ranges;  // of the graph's inputs
  std::vector<Dims> resize;   // of the graph's inputs; empty: as in the file
  int invocations = 1;        // in sequence, state kept
};

struct Operand {
  enum class Kind { kInput, kDrawn, kValues, kVariable, kAbsent, kOutput };
  Kind kind = Kind::kAbsent;
  ElementType type = kF32;
  Dims dims;
  Quantization quantization;
  Range range;
  std::vector<double> values;
};

// The range of a quantised or whole type is all of it, of int32 and int64
// [-10, 10], of f32 [-1, 1].
Range DefaultRange(ElementType type);
Quantization Scale(float scale, std::int64_t zero_point = 0);
// One scale per slice, around `scale`, seeded.
Quantization Scales(float scale, std::int32_t count, std::int32_t dimension);

Operand Input(ElementType type, Dims dims, Quantization quantization = {});
Operand Input(ElementType type, Dims dims, Range range,
              Quantization quantization = {});
Operand Drawn(ElementType type, Dims dims, Range range,
              Quantization quantization = {});
Operand Values(ElementType type, Dims dims, std::vector<double> values,
               Quantization quantization = {});
Operand Variable(ElementType type, Dims dims, Quantization quantization = {});
Operand Absent();
// Its shape is for the runtime to find.
Operand Output(ElementType type, Quantization quantization = {});

struct OpSpec {
  std::string name;
  OpCode code;
  std::int32_t version = 1;
  Options options = {};
  std::vector<Operand> inputs;
  std::vector<Operand> outputs;
  std::vector<Operand> intermediates = {};
  int invocations = 1;
};
Case OneOp(const OpSpec& spec);

// The pieces of OneOp, for cases of several operators.
class CaseBuilder {
 public:
  explicit CaseBuilder(std::string name) { made_.name = std::move(name); }
  // Index of the new tensor; graph inputs and outputs are noted.
  std::int32_t Add(const Operand& operand);
  // A tensor between two operators.
  std::int32_t Between(ElementType type, Quantization quantization = {});
  void Op(OpCode code, std::vector<std::int32_t> inputs,
          std::vector<std::int32_t> outputs, const Options& options = {},
          std::int32_t version = 1,
          std::vector<std::int32_t> intermediates = {});
  void Invocations(int count) { made_.invocations = count; }
  void Resize(std::vector<Dims> dims) { made_.resize = std::move(dims); }
  runtime::Model& model() { return made_.model; }
  Case Take() { return std::move(made_); }

 private:
  Case made_;
};

// One list per family of operators, in cases_*.cc.
std::vector<Case> ConvolutionCases();
std::vector<Case> DenseCases();
std::vector<Case> PoolCases();
std::vector<Case> ActivationCases();
std::vector<Case> BinaryCases();
std::vector<Case> UnaryCases();
std::vector<Case> MovementCases();
std::vector<Case> IndexingCases();
std::vector<Case> ReductionCases();
std::vector<Case> VisionCases();
std::vector<Case> RecurrentCases();
std::vector<Case> ControlCases();
std::vector<Case> NetworkCases();

struct Family {
  std::string name;  // of its file in goldens/
  std::vector<Case> (*cases)();
};
inline void PrintTo(const Family& family, std::ostream* out) {
  *out << family.name;
}
const std::vector<Family>& Families();

}  // namespace sotto::conformance

#endif  // SOTTO_TESTS_CONFORMANCE_CASE_H_
