// Grants by a broker whose key is known, so that what is behind the signature
// is reached from seeds; and escrow files.

#include <cstddef>
#include <cstdint>

#include "model_store/container/grant.h"

namespace {

using namespace sotto;

// Those of the seed corpus.
struct Parties {
  crypto::SeededRng rng{AsBytes("grant_fuzzer")};
  crypto::SigningKey broker = crypto::SigningKey::Generate(rng);
  crypto::HpkeKeyPair device =
      crypto::GenerateHpkeKey(crypto::HpkeKem::kX25519, rng);
  crypto::X25519Key escrow_key = crypto::X25519Key::Generate(rng);
};

void Open(ByteView bytes) {
  static const Parties parties;
  const model_store::GrantExpectation expected = {
      .container_digest = {},
      .device_id = {},
      .broker = parties.broker.public_key(),
      .now = UnixTime(std::chrono::milliseconds(1500))};
  (void)model_store::OpenGrant(bytes, expected, parties.device);
  (void)model_store::OpenEscrow(bytes, {}, parties.escrow_key);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  Open({data, size});
  return 0;
}
