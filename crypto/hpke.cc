#include "crypto/hpke.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/status.h"
#include "crypto/aead.h"
#include "crypto/hkdf.h"
#include "crypto/kex.h"
#include "crypto/p256.h"

namespace sotto::crypto {
namespace {

void Append(Bytes& to, ByteView bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}
void AppendU16(Bytes& to, std::size_t value) {
  to.push_back(static_cast<std::uint8_t>(value >> 8));
  to.push_back(static_cast<std::uint8_t>(value));
}

Bytes KemSuite(HpkeKem kem) {
  Bytes id = ToBytes("KEM");
  AppendU16(id, static_cast<std::size_t>(kem));
  return id;
}
Bytes HpkeSuite(HpkeKem kem) {
  Bytes id = ToBytes("HPKE");
  AppendU16(id, static_cast<std::size_t>(kem));
  AppendU16(id, 0x0001);
  AppendU16(id, 0x0003);
  return id;
}

// Section 4: LabeledExtract and LabeledExpand.
Secret<32> LabeledExtract(ByteView suite, ByteView salt, std::string_view label,
                          ByteView ikm) {
  Bytes labeled = ToBytes("HPKE-v1");
  Append(labeled, suite);
  Append(labeled, AsBytes(label));
  Append(labeled, ikm);
  Secret<32> prk = HkdfExtract(salt, labeled);
  Wipe(labeled);
  return prk;
}

void LabeledExpand(ByteView suite, const Secret<32>& prk,
                   std::string_view label, ByteView info,
                   std::span<std::uint8_t> out) {
  Bytes labeled;
  AppendU16(labeled, out.size());
  Append(labeled, AsBytes("HPKE-v1"));
  Append(labeled, suite);
  Append(labeled, AsBytes(label));
  Append(labeled, info);
  HkdfExpandInto(prk.Reveal(), labeled, out);
}

absl::StatusOr<Secret<32>> Agree(HpkeKem kem, ByteView scalar, ByteView peer) {
  if (kem == HpkeKem::kP256) return P256Agree(scalar, peer);
  if (peer.size() != 32) {
    return absl::InvalidArgumentError(
        absl::StrFormat("X25519 public key has %d bytes, expected 32",
                        static_cast<int>(peer.size())));
  }
  X25519PublicKey key;
  std::copy(peer.begin(), peer.end(), key.begin());
  return X25519Key::FromBytes(Secret<32>::FromBytes(scalar.first<32>()))
      .Agree(key);
}

Bytes PublicOf(HpkeKem kem, ByteView scalar) {
  if (kem == HpkeKem::kP256) return P256PublicKey(scalar);
  const auto key =
      X25519Key::FromBytes(Secret<32>::FromBytes(scalar.first<32>()));
  return {key.public_key().begin(), key.public_key().end()};
}

// Section 4.1, ExtractAndExpand over kem_context = enc || pkR.
Secret<32> SharedSecret(HpkeKem kem, ByteView dh, ByteView enc,
                        ByteView recipient) {
  const Bytes suite = KemSuite(kem);
  Bytes context(enc.begin(), enc.end());
  Append(context, recipient);
  const Secret<32> prk = LabeledExtract(suite, {}, "eae_prk", dh);
  Secret<32> shared;
  LabeledExpand(suite, prk, "shared_secret", context, shared.RevealMutable());
  return shared;
}

// Section 5.1, KeySchedule in base mode.
HpkeContext KeySchedule(HpkeKem kem, const Secret<32>& shared, ByteView info) {
  const Bytes suite = HpkeSuite(kem);
  Bytes schedule = {0x00};
  Append(schedule, LabeledExtract(suite, {}, "psk_id_hash", {}).Reveal());
  Append(schedule, LabeledExtract(suite, {}, "info_hash", info).Reveal());
  const Secret<32> secret =
      LabeledExtract(suite, shared.Reveal(), "secret", {});
  HpkeContext context;
  LabeledExpand(suite, secret, "key", schedule, context.key.RevealMutable());
  LabeledExpand(suite, secret, "base_nonce", schedule, context.base_nonce);
  LabeledExpand(suite, secret, "exp", schedule,
                context.exporter_secret.RevealMutable());
  return context;
}

}  // namespace

absl::StatusOr<HpkeKem> ParseHpkeKem(std::uint32_t number) {
  if (number == 0x0010) return HpkeKem::kP256;
  if (number == 0x0020) return HpkeKem::kX25519;
  return absl::InvalidArgumentError(absl::StrFormat(
      "HPKE KEM 0x%04x is neither 0x0010 (P-256) nor 0x0020 (X25519)", number));
}

HpkeKeyPair DeriveHpkeKey(HpkeKem kem, ByteView ikm) {
  const Bytes suite = KemSuite(kem);
  const Secret<32> prk = LabeledExtract(suite, {}, "dkp_prk", ikm);
  HpkeKeyPair pair;
  pair.private_key = SecretBytes(32);
  const std::span<std::uint8_t> scalar = pair.private_key.RevealMutable();
  if (kem == HpkeKem::kX25519) {
    LabeledExpand(suite, prk, "sk", {}, scalar);
  } else {
    // A candidate is refused with probability below 2^-32 each time.
    for (std::uint8_t counter = 0;; ++counter) {
      LabeledExpand(suite, prk, "candidate", ByteView(&counter, 1), scalar);
      if (IsP256Scalar(scalar)) break;
    }
  }
  pair.public_key = PublicOf(kem, pair.private_key.Reveal());
  return pair;
}

HpkeKeyPair GenerateHpkeKey(HpkeKem kem, Rng& rng) {
  Secret<32> ikm;
  rng.Fill(ikm.RevealMutable());
  return DeriveHpkeKey(kem, ikm.Reveal());
}

absl::StatusOr<HpkeSealed> HpkeSealWithEphemeral(HpkeKem kem,
                                                 ByteView public_key,
                                                 ByteView info, ByteView aad,
                                                 ByteView plaintext,
                                                 const HpkeKeyPair& ephemeral) {
  SOTTO_ASSIGN_OR_RETURN(
      const Secret<32> dh,
      Agree(kem, ephemeral.private_key.Reveal(), public_key));
  const Secret<32> shared =
      SharedSecret(kem, dh.Reveal(), ephemeral.public_key, public_key);
  const HpkeContext context = KeySchedule(kem, shared, info);
  return HpkeSealed{
      .enc = ephemeral.public_key,
      .ct = Aead(context.key).Seal(context.base_nonce, aad, plaintext)};
}

absl::StatusOr<HpkeSealed> HpkeSeal(HpkeKem kem, ByteView public_key,
                                    ByteView info, ByteView aad,
                                    ByteView plaintext, Rng& rng) {
  return HpkeSealWithEphemeral(kem, public_key, info, aad, plaintext,
                               GenerateHpkeKey(kem, rng));
}

absl::StatusOr<HpkeContext> HpkeReceiverContext(HpkeKem kem,
                                                const HpkeKeyPair& recipient,
                                                ByteView enc, ByteView info) {
  SOTTO_ASSIGN_OR_RETURN(const Secret<32> dh,
                         Agree(kem, recipient.private_key.Reveal(), enc));
  return KeySchedule(
      kem, SharedSecret(kem, dh.Reveal(), enc, recipient.public_key), info);
}

absl::StatusOr<SecretBytes> HpkeOpen(HpkeKem kem, const HpkeKeyPair& recipient,
                                     ByteView enc, ByteView info, ByteView aad,
                                     ByteView ciphertext) {
  SOTTO_ASSIGN_OR_RETURN(const HpkeContext context,
                         HpkeReceiverContext(kem, recipient, enc, info));
  return Aead(context.key).Open(context.base_nonce, aad, ciphertext);
}

}  // namespace sotto::crypto
