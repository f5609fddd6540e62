#include "privacy/noise/wide_uint.h"

#include <bit>
#include <cassert>

namespace sotto::privacy {
namespace {

constexpr std::size_t kLimbBits = 64;

}  // namespace

std::size_t WideUint::bit_width() const {
  return limbs_.empty()
             ? 0
             : limbs_.size() * kLimbBits -
                   static_cast<std::size_t>(std::countl_zero(limbs_.back()));
}

void WideUint::Trim() {
  while (!limbs_.empty() && limbs_.back() == 0) limbs_.pop_back();
}

WideUint& WideUint::operator+=(const WideUint& other) {
  if (limbs_.size() < other.limbs_.size()) limbs_.resize(other.limbs_.size());
  Uint128 carry = 0;
  for (std::size_t i = 0; i < limbs_.size(); ++i) {
    carry += limbs_[i];
    if (i < other.limbs_.size()) carry += other.limbs_[i];
    limbs_[i] = static_cast<std::uint64_t>(carry);
    carry >>= kLimbBits;
  }
  if (carry != 0) limbs_.push_back(static_cast<std::uint64_t>(carry));
  return *this;
}

WideUint& WideUint::operator-=(const WideUint& other) {
  assert(Compare(*this, other) >= 0);
  std::uint64_t borrow = 0;
  for (std::size_t i = 0; i < limbs_.size(); ++i) {
    const Uint128 taken =
        Uint128{i < other.limbs_.size() ? other.limbs_[i] : 0} + borrow;
    borrow = taken > limbs_[i] ? 1 : 0;
    limbs_[i] -= static_cast<std::uint64_t>(taken);
  }
  Trim();
  return *this;
}

WideUint& WideUint::operator*=(std::uint64_t factor) {
  Uint128 carry = 0;
  for (std::uint64_t& limb : limbs_) {
    carry += Uint128{limb} * factor;
    limb = static_cast<std::uint64_t>(carry);
    carry >>= kLimbBits;
  }
  if (carry != 0) limbs_.push_back(static_cast<std::uint64_t>(carry));
  Trim();
  return *this;
}

WideUint& WideUint::operator/=(std::uint64_t divisor) {
  Uint128 rest = 0;
  for (std::size_t i = limbs_.size(); i-- > 0;) {
    rest = rest << kLimbBits | limbs_[i];
    limbs_[i] = static_cast<std::uint64_t>(rest / divisor);
    rest %= divisor;
  }
  Trim();
  return *this;
}

WideUint& WideUint::operator<<=(std::size_t bits) {
  const auto partial = static_cast<unsigned>(bits % kLimbBits);
  *this *= std::uint64_t{1} << partial;
  if (!limbs_.empty()) limbs_.insert(limbs_.begin(), bits / kLimbBits, 0);
  return *this;
}

WideUint& WideUint::operator>>=(std::size_t bits) {
  const std::size_t whole = bits / kLimbBits;
  if (whole >= limbs_.size()) {
    limbs_.clear();
    return *this;
  }
  limbs_.erase(limbs_.begin(),
               limbs_.begin() + static_cast<std::ptrdiff_t>(whole));
  const auto partial = static_cast<unsigned>(bits % kLimbBits);
  for (std::size_t i = 0; partial != 0 && i < limbs_.size(); ++i) {
    const std::uint64_t above = i + 1 < limbs_.size() ? limbs_[i + 1] : 0;
    limbs_[i] = limbs_[i] >> partial | above << (kLimbBits - partial);
  }
  Trim();
  return *this;
}

int WideUint::Compare(const WideUint& a, const WideUint& b) {
  if (a.limbs_.size() != b.limbs_.size()) {
    return a.limbs_.size() < b.limbs_.size() ? -1 : 1;
  }
  for (std::size_t i = a.limbs_.size(); i-- > 0;) {
    if (a.limbs_[i] != b.limbs_[i]) return a.limbs_[i] < b.limbs_[i] ? -1 : 1;
  }
  return 0;
}

WideUint WideUint::Quotient(WideUint a, const WideUint& b) {
  assert(!b.is_zero());
  WideUint quotient;
  if (Compare(a, b) < 0) return quotient;
  std::size_t shift = a.bit_width() - b.bit_width();
  WideUint shifted = b << shift;
  for (;; --shift) {
    quotient <<= 1;
    if (Compare(a, shifted) >= 0) {
      a -= shifted;
      quotient += WideUint(1);
    }
    if (shift == 0) return quotient;
    shifted >>= 1;
  }
}

std::uint64_t WideUint::Saturated64() const {
  if (limbs_.size() > 1) return ~std::uint64_t{0};
  return limbs_.empty() ? 0 : limbs_[0];
}

Uint128 WideUint::Saturated128() const {
  if (limbs_.size() > 2) return ~Uint128{0};
  if (limbs_.size() < 2) return Saturated64();
  return Uint128{limbs_[1]} << kLimbBits | limbs_[0];
}

}  // namespace sotto::privacy
