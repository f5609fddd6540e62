#include "runtime/kernels/selection.h"

namespace sotto::runtime {

extern const Kernel kRfft2DReference, kSignalDelayReference,
    kSignalEnergyReference, kSignalFftAutoScaleReference,
    kSignalFilterBankLogReference, kSignalFilterBankReference,
    kSignalFilterBankSpectralSubtractionReference,
    kSignalFilterBankSquareRootReference, kSignalFramerReference,
    kSignalIrfftReference, kSignalOverlapAddReference, kSignalPcanReference,
    kSignalRfftReference, kSignalStackerReference, kSignalWindowReference;

namespace {

constexpr KernelTier kReference = KernelTier::kReference;

constexpr KernelRow kRows[] = {
    {OpCode::kRfft2D, kReference, &kRfft2DReference, "rfft_2d"},
    {OpCode::kSignalWindow, kReference, &kSignalWindowReference,
     "signal_window"},
    {OpCode::kSignalFftAutoScale, kReference, &kSignalFftAutoScaleReference,
     "signal_fft_auto_scale"},
    {OpCode::kSignalRfft, kReference, &kSignalRfftReference, "signal_rfft"},
    {OpCode::kSignalIrfft, kReference, &kSignalIrfftReference, "signal_irfft"},
    {OpCode::kSignalEnergy, kReference, &kSignalEnergyReference,
     "signal_energy"},
    {OpCode::kSignalFilterBank, kReference, &kSignalFilterBankReference,
     "signal_filter_bank"},
    {OpCode::kSignalFilterBankSquareRoot, kReference,
     &kSignalFilterBankSquareRootReference, "signal_filter_bank_square_root"},
    {OpCode::kSignalFilterBankSpectralSubtraction, kReference,
     &kSignalFilterBankSpectralSubtractionReference,
     "signal_filter_bank_spectral_subtraction"},
    {OpCode::kSignalFilterBankLog, kReference, &kSignalFilterBankLogReference,
     "signal_filter_bank_log"},
    {OpCode::kSignalPcan, kReference, &kSignalPcanReference, "signal_pcan"},
    {OpCode::kSignalStacker, kReference, &kSignalStackerReference,
     "signal_stacker"},
    {OpCode::kSignalFramer, kReference, &kSignalFramerReference,
     "signal_framer"},
    {OpCode::kSignalOverlapAdd, kReference, &kSignalOverlapAddReference,
     "signal_overlap_add"},
    {OpCode::kSignalDelay, kReference, &kSignalDelayReference, "signal_delay"},
};

}  // namespace

KernelTable SignalKernels() { return SelectedRows<kRows>(); }

}  // namespace sotto::runtime
