#include "crypto/p256.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>

#include <cassert>
#include <memory>

#include "crypto/openssl_handle.h"

namespace sotto::crypto {
namespace {

using Group = std::unique_ptr<EC_GROUP, Releaser<EC_GROUP_free>>;
using Point = std::unique_ptr<EC_POINT, Releaser<EC_POINT_free>>;
using Number = std::unique_ptr<BIGNUM, Releaser<BN_clear_free>>;
using Scratch = std::unique_ptr<BN_CTX, Releaser<BN_CTX_free>>;

const EC_GROUP* Curve() {
  static const auto* const group =
      new Group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  Require(*group != nullptr);
  return group->get();
}

Number ToNumber(ByteView bytes) {
  Number number(
      BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  Require(number != nullptr);
  return number;
}

}  // namespace

bool IsP256Scalar(ByteView scalar) {
  if (scalar.size() != 32) return false;
  const Number number = ToNumber(scalar);
  return !BN_is_zero(number.get()) &&
         BN_cmp(number.get(), EC_GROUP_get0_order(Curve())) < 0;
}

Bytes P256PublicKey(ByteView scalar) {
  assert(IsP256Scalar(scalar));
  const Scratch scratch(BN_CTX_new());
  const Number number = ToNumber(scalar);
  const Point point(EC_POINT_new(Curve()));
  Require(EC_POINT_mul(Curve(), point.get(), number.get(), nullptr, nullptr,
                       scratch.get()) == 1);
  Bytes encoded(65);
  Require(EC_POINT_point2oct(Curve(), point.get(),
                             POINT_CONVERSION_UNCOMPRESSED, encoded.data(),
                             encoded.size(), scratch.get()) == encoded.size());
  return encoded;
}

absl::StatusOr<Secret<32>> P256Agree(ByteView scalar, ByteView peer) {
  const Scratch scratch(BN_CTX_new());
  const Number number = ToNumber(scalar);
  const Point point(EC_POINT_new(Curve()));
  if (peer.size() != 65 || peer[0] != 4 ||
      EC_POINT_oct2point(Curve(), point.get(), peer.data(), peer.size(),
                         scratch.get()) != 1 ||
      EC_POINT_is_on_curve(Curve(), point.get(), scratch.get()) != 1) {
    ERR_clear_error();  // the queue is the thread's, and TLS reads it
    return absl::InvalidArgumentError(
        "key agreement: the peer's key is no uncompressed point of P-256");
  }
  const Point shared(EC_POINT_new(Curve()));
  const Number x(BN_new());
  Require(EC_POINT_mul(Curve(), shared.get(), nullptr, point.get(),
                       number.get(), scratch.get()) == 1);
  if (EC_POINT_is_at_infinity(Curve(), shared.get()) == 1) {
    return absl::InvalidArgumentError("key agreement: result at infinity");
  }
  Require(EC_POINT_get_affine_coordinates(Curve(), shared.get(), x.get(),
                                          nullptr, scratch.get()) == 1);
  Secret<32> out;
  Require(BN_bn2binpad(x.get(), out.RevealMutable().data(), 32) == 32);
  return out;
}

}  // namespace sotto::crypto
