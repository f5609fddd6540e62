// A random rotation that spreads a vector's norm over all of its coordinates:
//   Rotate(x) = H D x / sqrt(d),
// D a diagonal of random signs, H the Walsh-Hadamard matrix of d = 2^k rows
// (Kairouz, Liu and Steinke 2021, section 4). It keeps norms, up to float
// rounding of about 2^-24 sqrt(k); Unrotate is its inverse.
//
// After it no coordinate is special, so noise of one size covers all, and a
// coordinate of the sum stays near its standard deviation. The signs come from
// a seed that everybody in the session knows; they protect nothing.
//
// Pure functions, in place; thread-safe.

#ifndef SOTTO_PRIVACY_DISTRIBUTED_ROTATION_H_
#define SOTTO_PRIVACY_DISTRIBUTED_ROTATION_H_

#include <cstddef>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "crypto/secret.h"

namespace sotto::privacy {

// The key of the signs' stream: HKDF-SHA256(session_id, info =
// Encoder("sotto/rotation/v1").Text(vector_name)). Bit i of the ChaCha20
// stream, lowest first in each byte, is 1 where coordinate i changes its sign.
crypto::Secret<32> RotationSeed(ByteView session_id,
                                std::string_view vector_name);

// Sizes are powers of two, asserted.
void Rotate(const crypto::Secret<32>& seed, std::span<float> vector);
void Unrotate(const crypto::Secret<32>& seed, std::span<float> vector);

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_DISTRIBUTED_ROTATION_H_
