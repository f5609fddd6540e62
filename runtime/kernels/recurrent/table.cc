#include "runtime/kernels/selection.h"

namespace sotto::runtime {

extern const Kernel kBasicLstmReference, kBidirectionalSequenceLstmReference,
    kLstmIntegerReference, kLstmReference, kRnnReference, kSvdfIntegerReference,
    kSvdfReference, kUnidirectionalSequenceLstmIntegerReference,
    kUnidirectionalSequenceLstmReference, kUnidirectionalSequenceRnnReference;

namespace {

constexpr KernelTier kReference = KernelTier::kReference;

constexpr KernelRow kRows[] = {
    {OpCode::kLstm, kReference, &kLstmReference, "lstm"},
    {OpCode::kLstm, kReference, &kLstmIntegerReference, "lstm_integer"},
    {OpCode::kLstm, kReference, &kBasicLstmReference, "lstm_basic"},
    {OpCode::kRnn, kReference, &kRnnReference, "rnn"},
    {OpCode::kSvdf, kReference, &kSvdfReference, "svdf"},
    {OpCode::kSvdf, kReference, &kSvdfIntegerReference, "svdf_integer"},
    {OpCode::kUnidirectionalSequenceRnn, kReference,
     &kUnidirectionalSequenceRnnReference, "unidirectional_sequence_rnn"},
    {OpCode::kUnidirectionalSequenceLstm, kReference,
     &kUnidirectionalSequenceLstmReference, "unidirectional_sequence_lstm"},
    {OpCode::kUnidirectionalSequenceLstm, kReference,
     &kUnidirectionalSequenceLstmIntegerReference,
     "unidirectional_sequence_lstm_integer"},
    {OpCode::kBidirectionalSequenceLstm, kReference,
     &kBidirectionalSequenceLstmReference, "bidirectional_sequence_lstm"},
};

}  // namespace

KernelTable RecurrentKernels() { return SelectedRows<kRows>(); }

}  // namespace sotto::runtime
