// The reference kernels of the element-wise operators. Where an operator has
// several, each takes other types.

#include "runtime/kernels/selection.h"

namespace sotto::runtime {

extern const Kernel kAbsInteger, kAbsQuantized, kAbsReferenceF32, kAdd, kAddN,
    kAddQuantized, kCast, kCeilReferenceF32, kComplexAbs, kCosReferenceF32,
    kDequantize, kDiv, kDivQuantized, kEluByte, kEluReferenceF32, kEqual,
    kExpQuantized, kExpReferenceF32, kFloorDiv, kFloorMod, kFloorReferenceF32,
    kGeluByte, kGeluReferenceF32, kGreater, kGreaterEqual, kHardSwishByte,
    kHardSwishReferenceF32, kLeakyReluQuantized, kLeakyReluReferenceF32, kLess,
    kLessEqual, kLogQuantized, kLogReferenceF32, kLogicalAnd, kLogicalNot,
    kLogicalOr, kLogisticByte, kLogisticReferenceF32, kLogisticS16, kMaximum,
    kMinimum, kMul, kMulQuantized, kNegInteger, kNegReferenceF32, kNotEqual,
    kPow, kPreluQuantized, kPreluReferenceF32, kQuantize, kRelu6Quantized,
    kRelu6ReferenceF32, kReluN1To1Quantized, kReluN1To1ReferenceF32,
    kReluQuantized, kReluReferenceF32, kRequantize, kRoundReferenceF32,
    kRsqrtQuantized, kRsqrtReferenceF32, kSelect, kSelectV2, kSignInteger,
    kSignReferenceF32, kSinReferenceF32, kSqrtQuantized, kSqrtReferenceF32,
    kSquareInteger, kSquareReferenceF32, kSquaredDifference,
    kSquaredDifferenceS8, kSub, kSubQuantized, kTanhByte, kTanhReferenceF32,
    kTanhS16, kZerosLike;

namespace {

constexpr KernelRow Row(OpCode code, const Kernel& kernel, const char* label) {
  return {code, KernelTier::kReference, &kernel, label};
}

constexpr KernelRow kRows[] = {
    Row(OpCode::kAbs, kAbsReferenceF32, "abs_f32"),
    Row(OpCode::kAbs, kAbsInteger, "abs_integer"),
    Row(OpCode::kAbs, kAbsQuantized, "abs_quantized"),
    Row(OpCode::kAdd, kAdd, "add"),
    Row(OpCode::kAdd, kAddQuantized, "add_quantized"),
    Row(OpCode::kAddN, kAddN, "add_n"),
    Row(OpCode::kCast, kCast, "cast"),
    Row(OpCode::kCeil, kCeilReferenceF32, "ceil_f32"),
    Row(OpCode::kComplexAbs, kComplexAbs, "complex_abs"),
    Row(OpCode::kCos, kCosReferenceF32, "cos_f32"),
    Row(OpCode::kDequantize, kDequantize, "dequantize"),
    Row(OpCode::kDiv, kDiv, "div"),
    Row(OpCode::kDiv, kDivQuantized, "div_quantized"),
    Row(OpCode::kElu, kEluReferenceF32, "elu_f32"),
    Row(OpCode::kElu, kEluByte, "elu_byte"),
    Row(OpCode::kEqual, kEqual, "equal"),
    Row(OpCode::kExp, kExpReferenceF32, "exp_f32"),
    Row(OpCode::kExp, kExpQuantized, "exp_quantized"),
    Row(OpCode::kFloor, kFloorReferenceF32, "floor_f32"),
    Row(OpCode::kFloorDiv, kFloorDiv, "floor_div"),
    Row(OpCode::kFloorMod, kFloorMod, "floor_mod"),
    Row(OpCode::kGelu, kGeluReferenceF32, "gelu_f32"),
    Row(OpCode::kGelu, kGeluByte, "gelu_byte"),
    Row(OpCode::kGreater, kGreater, "greater"),
    Row(OpCode::kGreaterEqual, kGreaterEqual, "greater_equal"),
    Row(OpCode::kHardSwish, kHardSwishReferenceF32, "hard_swish_f32"),
    Row(OpCode::kHardSwish, kHardSwishByte, "hard_swish_byte"),
    Row(OpCode::kLeakyRelu, kLeakyReluReferenceF32, "leaky_relu_f32"),
    Row(OpCode::kLeakyRelu, kLeakyReluQuantized, "leaky_relu_quantized"),
    Row(OpCode::kLess, kLess, "less"),
    Row(OpCode::kLessEqual, kLessEqual, "less_equal"),
    Row(OpCode::kLog, kLogReferenceF32, "log_f32"),
    Row(OpCode::kLog, kLogQuantized, "log_quantized"),
    Row(OpCode::kLogicalAnd, kLogicalAnd, "logical_and"),
    Row(OpCode::kLogicalNot, kLogicalNot, "logical_not"),
    Row(OpCode::kLogicalOr, kLogicalOr, "logical_or"),
    Row(OpCode::kLogistic, kLogisticReferenceF32, "logistic_f32"),
    Row(OpCode::kLogistic, kLogisticByte, "logistic_byte"),
    Row(OpCode::kLogistic, kLogisticS16, "logistic_s16"),
    Row(OpCode::kMaximum, kMaximum, "maximum"),
    Row(OpCode::kMinimum, kMinimum, "minimum"),
    Row(OpCode::kMul, kMul, "mul"),
    Row(OpCode::kMul, kMulQuantized, "mul_quantized"),
    Row(OpCode::kNeg, kNegReferenceF32, "neg_f32"),
    Row(OpCode::kNeg, kNegInteger, "neg_integer"),
    Row(OpCode::kNotEqual, kNotEqual, "not_equal"),
    Row(OpCode::kPow, kPow, "pow"),
    Row(OpCode::kPrelu, kPreluReferenceF32, "prelu_f32"),
    Row(OpCode::kPrelu, kPreluQuantized, "prelu_quantized"),
    Row(OpCode::kQuantize, kQuantize, "quantize"),
    Row(OpCode::kQuantize, kRequantize, "requantize"),
    Row(OpCode::kRelu, kReluReferenceF32, "relu_f32"),
    Row(OpCode::kRelu, kReluQuantized, "relu_quantized"),
    Row(OpCode::kRelu6, kRelu6ReferenceF32, "relu6_f32"),
    Row(OpCode::kRelu6, kRelu6Quantized, "relu6_quantized"),
    Row(OpCode::kReluN1To1, kReluN1To1ReferenceF32, "relu_n1_to_1_f32"),
    Row(OpCode::kReluN1To1, kReluN1To1Quantized, "relu_n1_to_1_quantized"),
    Row(OpCode::kRound, kRoundReferenceF32, "round_f32"),
    Row(OpCode::kRsqrt, kRsqrtReferenceF32, "rsqrt_f32"),
    Row(OpCode::kRsqrt, kRsqrtQuantized, "rsqrt_quantized"),
    Row(OpCode::kSelect, kSelect, "select"),
    Row(OpCode::kSelectV2, kSelectV2, "select_v2"),
    Row(OpCode::kSign, kSignReferenceF32, "sign_f32"),
    Row(OpCode::kSign, kSignInteger, "sign_integer"),
    Row(OpCode::kSin, kSinReferenceF32, "sin_f32"),
    Row(OpCode::kSqrt, kSqrtReferenceF32, "sqrt_f32"),
    Row(OpCode::kSqrt, kSqrtQuantized, "sqrt_quantized"),
    Row(OpCode::kSquare, kSquareReferenceF32, "square_f32"),
    Row(OpCode::kSquare, kSquareInteger, "square_integer"),
    Row(OpCode::kSquaredDifference, kSquaredDifference, "squared_difference"),
    Row(OpCode::kSquaredDifference, kSquaredDifferenceS8,
        "squared_difference_s8"),
    Row(OpCode::kSub, kSub, "sub"),
    Row(OpCode::kSub, kSubQuantized, "sub_quantized"),
    Row(OpCode::kTanh, kTanhReferenceF32, "tanh_f32"),
    Row(OpCode::kTanh, kTanhByte, "tanh_byte"),
    Row(OpCode::kTanh, kTanhS16, "tanh_s16"),
    Row(OpCode::kZerosLike, kZerosLike, "zeros_like"),
};

}  // namespace

KernelTable ElementwiseKernels() { return SelectedRows<kRows>(); }

}  // namespace sotto::runtime
