#include <cstring>

#include "runtime/kernels/registry.h"

namespace sotto::runtime {
namespace {

struct Name {
  OpCode code;
  const char* name;
};

constexpr Name kBuiltin[] = {
    {OpCode::kAdd, "ADD"},
    {OpCode::kAveragePool2D, "AVERAGE_POOL_2D"},
    {OpCode::kConcatenation, "CONCATENATION"},
    {OpCode::kConv2D, "CONV_2D"},
    {OpCode::kDepthwiseConv2D, "DEPTHWISE_CONV_2D"},
    {OpCode::kDepthToSpace, "DEPTH_TO_SPACE"},
    {OpCode::kDequantize, "DEQUANTIZE"},
    {OpCode::kEmbeddingLookup, "EMBEDDING_LOOKUP"},
    {OpCode::kFloor, "FLOOR"},
    {OpCode::kFullyConnected, "FULLY_CONNECTED"},
    {OpCode::kL2Normalization, "L2_NORMALIZATION"},
    {OpCode::kLogistic, "LOGISTIC"},
    {OpCode::kLstm, "LSTM"},
    {OpCode::kMaxPool2D, "MAX_POOL_2D"},
    {OpCode::kMul, "MUL"},
    {OpCode::kRelu, "RELU"},
    {OpCode::kReluN1To1, "RELU_N1_TO_1"},
    {OpCode::kRelu6, "RELU6"},
    {OpCode::kReshape, "RESHAPE"},
    {OpCode::kResizeBilinear, "RESIZE_BILINEAR"},
    {OpCode::kRnn, "RNN"},
    {OpCode::kSoftmax, "SOFTMAX"},
    {OpCode::kSpaceToDepth, "SPACE_TO_DEPTH"},
    {OpCode::kSvdf, "SVDF"},
    {OpCode::kTanh, "TANH"},
    {OpCode::kPad, "PAD"},
    {OpCode::kUnidirectionalSequenceRnn, "UNIDIRECTIONAL_SEQUENCE_RNN"},
    {OpCode::kGather, "GATHER"},
    {OpCode::kBatchToSpaceNd, "BATCH_TO_SPACE_ND"},
    {OpCode::kSpaceToBatchNd, "SPACE_TO_BATCH_ND"},
    {OpCode::kTranspose, "TRANSPOSE"},
    {OpCode::kMean, "MEAN"},
    {OpCode::kSub, "SUB"},
    {OpCode::kDiv, "DIV"},
    {OpCode::kSqueeze, "SQUEEZE"},
    {OpCode::kUnidirectionalSequenceLstm, "UNIDIRECTIONAL_SEQUENCE_LSTM"},
    {OpCode::kStridedSlice, "STRIDED_SLICE"},
    {OpCode::kExp, "EXP"},
    {OpCode::kTopKV2, "TOPK_V2"},
    {OpCode::kSplit, "SPLIT"},
    {OpCode::kLogSoftmax, "LOG_SOFTMAX"},
    {OpCode::kBidirectionalSequenceLstm, "BIDIRECTIONAL_SEQUENCE_LSTM"},
    {OpCode::kCast, "CAST"},
    {OpCode::kPrelu, "PRELU"},
    {OpCode::kMaximum, "MAXIMUM"},
    {OpCode::kArgMax, "ARG_MAX"},
    {OpCode::kMinimum, "MINIMUM"},
    {OpCode::kLess, "LESS"},
    {OpCode::kNeg, "NEG"},
    {OpCode::kPadv2, "PADV2"},
    {OpCode::kGreater, "GREATER"},
    {OpCode::kGreaterEqual, "GREATER_EQUAL"},
    {OpCode::kLessEqual, "LESS_EQUAL"},
    {OpCode::kSelect, "SELECT"},
    {OpCode::kSlice, "SLICE"},
    {OpCode::kSin, "SIN"},
    {OpCode::kTransposeConv, "TRANSPOSE_CONV"},
    {OpCode::kTile, "TILE"},
    {OpCode::kExpandDims, "EXPAND_DIMS"},
    {OpCode::kEqual, "EQUAL"},
    {OpCode::kNotEqual, "NOT_EQUAL"},
    {OpCode::kLog, "LOG"},
    {OpCode::kSum, "SUM"},
    {OpCode::kSqrt, "SQRT"},
    {OpCode::kRsqrt, "RSQRT"},
    {OpCode::kShape, "SHAPE"},
    {OpCode::kPow, "POW"},
    {OpCode::kArgMin, "ARG_MIN"},
    {OpCode::kReduceProd, "REDUCE_PROD"},
    {OpCode::kReduceMax, "REDUCE_MAX"},
    {OpCode::kPack, "PACK"},
    {OpCode::kLogicalOr, "LOGICAL_OR"},
    {OpCode::kOneHot, "ONE_HOT"},
    {OpCode::kLogicalAnd, "LOGICAL_AND"},
    {OpCode::kLogicalNot, "LOGICAL_NOT"},
    {OpCode::kUnpack, "UNPACK"},
    {OpCode::kReduceMin, "REDUCE_MIN"},
    {OpCode::kFloorDiv, "FLOOR_DIV"},
    {OpCode::kReduceAny, "REDUCE_ANY"},
    {OpCode::kSquare, "SQUARE"},
    {OpCode::kZerosLike, "ZEROS_LIKE"},
    {OpCode::kFill, "FILL"},
    {OpCode::kFloorMod, "FLOOR_MOD"},
    {OpCode::kRange, "RANGE"},
    {OpCode::kResizeNearestNeighbor, "RESIZE_NEAREST_NEIGHBOR"},
    {OpCode::kLeakyRelu, "LEAKY_RELU"},
    {OpCode::kSquaredDifference, "SQUARED_DIFFERENCE"},
    {OpCode::kMirrorPad, "MIRROR_PAD"},
    {OpCode::kAbs, "ABS"},
    {OpCode::kSplitV, "SPLIT_V"},
    {OpCode::kCeil, "CEIL"},
    {OpCode::kReverseV2, "REVERSE_V2"},
    {OpCode::kAddN, "ADD_N"},
    {OpCode::kGatherNd, "GATHER_ND"},
    {OpCode::kCos, "COS"},
    {OpCode::kRank, "RANK"},
    {OpCode::kElu, "ELU"},
    {OpCode::kQuantize, "QUANTIZE"},
    {OpCode::kRound, "ROUND"},
    {OpCode::kHardSwish, "HARD_SWISH"},
    {OpCode::kIf, "IF"},
    {OpCode::kWhile, "WHILE"},
    {OpCode::kNonMaxSuppressionV4, "NON_MAX_SUPPRESSION_V4"},
    {OpCode::kNonMaxSuppressionV5, "NON_MAX_SUPPRESSION_V5"},
    {OpCode::kScatterNd, "SCATTER_ND"},
    {OpCode::kSelectV2, "SELECT_V2"},
    {OpCode::kDensify, "DENSIFY"},
    {OpCode::kBatchMatmul, "BATCH_MATMUL"},
    {OpCode::kCumsum, "CUMSUM"},
    {OpCode::kCallOnce, "CALL_ONCE"},
    {OpCode::kBroadcastTo, "BROADCAST_TO"},
    {OpCode::kRfft2D, "RFFT2D"},
    {OpCode::kConv3D, "CONV_3D"},
    {OpCode::kComplexAbs, "COMPLEX_ABS"},
    {OpCode::kReduceAll, "REDUCE_ALL"},
    {OpCode::kVarHandle, "VAR_HANDLE"},
    {OpCode::kReadVariable, "READ_VARIABLE"},
    {OpCode::kAssignVariable, "ASSIGN_VARIABLE"},
    {OpCode::kGelu, "GELU"},
    {OpCode::kDynamicUpdateSlice, "DYNAMIC_UPDATE_SLICE"},
    {OpCode::kSign, "SIGN"},
    {OpCode::kStablehloComposite, "STABLEHLO_COMPOSITE"},
    {OpCode::kDepthwisePointwise, "DEPTHWISE+POINTWISE"},
    {OpCode::kConv2DAdd, "CONV_2D+ADD"},
    {OpCode::kDelegate, "DELEGATE"},
};

// As files spell them.
constexpr Name kCustom[] = {
    {OpCode::kDetectionPostProcess, "TFLite_Detection_PostProcess"},
    {OpCode::kConvolution2DTransposeBias, "Convolution2DTransposeBias"},
    {OpCode::kSignalWindow, "SignalWindow"},
    {OpCode::kSignalFftAutoScale, "SignalFftAutoScale"},
    {OpCode::kSignalRfft, "SignalRfft"},
    {OpCode::kSignalIrfft, "SignalIrfft"},
    {OpCode::kSignalEnergy, "SignalEnergy"},
    {OpCode::kSignalFilterBank, "SignalFilterBank"},
    {OpCode::kSignalFilterBankSquareRoot, "SignalFilterBankSquareRoot"},
    {OpCode::kSignalFilterBankSpectralSubtraction,
     "SignalFilterBankSpectralSubtraction"},
    {OpCode::kSignalFilterBankLog, "SignalFilterBankLog"},
    {OpCode::kSignalPcan, "SignalPCAN"},
    {OpCode::kSignalStacker, "SignalStacker"},
    {OpCode::kSignalFramer, "SignalFramer"},
    {OpCode::kSignalOverlapAdd, "SignalOverlapAdd"},
    {OpCode::kSignalDelay, "SignalDelay"},
};

}  // namespace

const char* OpName(OpCode code) {
  for (const Name& row : kBuiltin) {
    if (row.code == code) return row.name;
  }
  for (const Name& row : kCustom) {
    if (row.code == code) return row.name;
  }
  return "unknown operator";
}

bool FindCustom(const char* name, OpCode* code) {
  for (const Name& row : kCustom) {
    if (std::strcmp(row.name, name) == 0) {
      *code = row.code;
      return true;
    }
  }
  return false;
}

}  // namespace sotto::runtime
