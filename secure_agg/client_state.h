// What a ClientSession keeps between its steps. Internal to secure_agg.

#ifndef SOTTO_SECURE_AGG_CLIENT_STATE_H_
#define SOTTO_SECURE_AGG_CLIENT_STATE_H_

#include <map>
#include <vector>

#include "crypto/kex.h"
#include "secure_agg/client_session.h"
#include "secure_agg/sharing/shamir.h"

namespace sotto::secure_agg {

struct ClientSession::Secrets {
  Secrets(crypto::X25519Key channel_key, crypto::X25519Key mask_key)
      : channel(std::move(channel_key)), mask(std::move(mask_key)) {}

  crypto::X25519Key channel;
  crypto::X25519Key mask;
  crypto::Secret<32> self_mask_seed;  // b_u, drawn in ShareKeys
  // By owner: the shares of its two secrets, of which at most one leaves.
  struct Received {
    Share self_mask, mask_key;
  };
  std::map<std::uint32_t, Received> received;
};

struct ClientSession::Session {
  v1::SessionManifest manifest;
  SessionId id = {};
  std::uint32_t own_index = 0;
  std::vector<crypto::X25519PublicKey> channel_keys, mask_keys;
  std::vector<crypto::PublicKey> identity_keys;
  Bytes members;    // U2, once delivered
  Bytes survivors;  // U3, once signed
};

}  // namespace sotto::secure_agg

#endif  // SOTTO_SECURE_AGG_CLIENT_STATE_H_
