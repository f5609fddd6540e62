#include "privacy/noise/banded_release.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/codec.h"
#include "base/status.h"

namespace sotto::privacy {
namespace {

constexpr double kUnitsPerStep = 1 << BandedMatrix::kFractionBits;

Bytes NameOf(std::uint64_t round) {
  return Encoder("sotto/banded-noise/v1").U64(round).bytes();
}

}  // namespace

absl::StatusOr<BandedRelease> BandedRelease::Create(
    std::size_t size, BandedMatrix matrix, double std,
    const crypto::Secret<32>& seed) {
  if (!(std >= 0x1p-18 && std <= kMaxStd)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "banded noise of %g steps, must be in [2^-18, 2^15]", std));
  }
  SOTTO_ASSIGN_OR_RETURN(const Variance variance,
                         Variance::AtLeast(std::pow(std * kUnitsPerStep, 2)));
  SOTTO_ASSIGN_OR_RETURN(SeededNoise noise,
                         SeededNoise::Create(variance, seed));
  return BandedRelease(size, std::move(matrix), std::move(noise));
}

BandedRelease::BandedRelease(std::size_t size, BandedMatrix matrix,
                             SeededNoise noise)
    : size_(size), matrix_(std::move(matrix)), noise_(std::move(noise)) {
  rows_.resize(matrix_.bands() - 1);
}

absl::Status BandedRelease::Resume(std::uint64_t position,
                                   std::vector<BandedRow> rows) {
  const std::size_t kept = rows_.size();
  if (position_ != 0 || position > matrix_.rows() ||
      rows.size() != std::min<std::uint64_t>(position, kept)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%d rows after %d rounds of a banded matrix of %d bands and %d rows",
        rows.size(), position, matrix_.bands(), matrix_.rows()));
  }
  for (const BandedRow& row : rows) {
    SOTTO_RETURN_IF_ERROR(CheckReleaseSizes(size_, row.sum, row.release));
  }
  const std::uint64_t first = position - rows.size();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows_[(first + i) % kept] = std::move(rows[i]);
  }
  position_ = position;
  return absl::OkStatus();
}

absl::Status BandedRelease::Next(std::span<const std::int32_t> sum,
                                 std::span<double> out) {
  SOTTO_RETURN_IF_ERROR(CheckReleaseSizes(size_, sum, out));
  if (position_ == matrix_.rows()) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "round %d of a banded matrix of as many rows", position_));
  }
  const std::uint64_t t = position_;
  const std::size_t kept = rows_.size();
  const auto lags = static_cast<std::size_t>(std::min<std::uint64_t>(t, kept));
  const double diagonal = static_cast<double>(matrix_.fixed(t, 0));
  noise_.ForEachTile(
      NameOf(t), size_,
      [&](std::size_t offset, std::span<const std::int64_t> noise) {
        std::vector<std::int64_t> u(noise.begin(), noise.end());
        std::vector<double> known(noise.size());
        for (std::size_t i = 0; i < u.size(); ++i) {
          u[i] += matrix_.fixed(t, 0) * sum[offset + i];
        }
        for (std::size_t lag = 1; lag <= lags; ++lag) {
          const std::int64_t fixed = matrix_.fixed(t, lag);
          const auto coefficient = static_cast<double>(fixed);
          const BandedRow& row = rows_[(t - lag) % kept];
          const std::int32_t* const x = &row.sum[offset];
          const double* const r = &row.release[offset];
          for (std::size_t i = 0; i < u.size(); ++i) {
            u[i] += fixed * x[i];
            known[i] += coefficient * r[i];
          }
        }
        for (std::size_t i = 0; i < u.size(); ++i) {
          out[offset + i] = (static_cast<double>(u[i]) - known[i]) / diagonal;
        }
      });
  if (kept != 0) {
    rows_[t % kept] = {.sum = {sum.begin(), sum.end()},
                       .release = {out.begin(), out.end()}};
  }
  ++position_;
  return absl::OkStatus();
}

void BandedRelease::AddNoise(std::uint64_t round,
                             std::span<std::int64_t> out) const {
  noise_.ForEachTile(
      NameOf(round), out.size(),
      [&](std::size_t offset, std::span<const std::int64_t> noise) {
        for (std::size_t i = 0; i < noise.size(); ++i) {
          out[offset + i] += noise[i];
        }
      });
}

}  // namespace sotto::privacy
