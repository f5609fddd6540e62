// What a ClientSession keeps between its steps. Internal to secure_agg.

#ifndef SOTTO_SECURE_AGG_CLIENT_STATE_H_
#define SOTTO_SECURE_AGG_CLIENT_STATE_H_

#include <map>
#include <optional>
#include <vector>

#include "crypto/kex.h"
#include "secure_agg/client_session.h"
#include "secure_agg/sharing/shamir.h"

namespace sotto::secure_agg {

struct ClientSession::Secrets {
  // Own keys, until the masked input is made.
  struct Own {
    crypto::X25519Key channel;
    crypto::X25519Key mask;
    crypto::Secret<32> self_mask_seed;  // b_u, drawn in ShareKeys
    // Agreed with each neighbour, for both directions.
    std::map<std::uint32_t, crypto::Secret<32>> channels;
  };
  std::optional<Own> own;
  // By owner: the shares of its two secrets, of which at most one leaves.
  struct Received {
    Share self_mask, mask_key;
  };
  std::map<std::uint32_t, Received> received;
};

// A neighbour, or this device itself.
struct ClientSession::Peer {
  crypto::X25519PublicKey channel_key = {}, mask_key = {};
  crypto::PublicKey identity_key = {};
};

struct ClientSession::Session {
  v1::SessionManifest manifest;
  SessionId id = {};
  std::uint32_t own_index = 0;
  std::map<std::uint32_t, Peer> neighbours;  // by roster index
  Bytes members;                             // U2, once delivered
  Bytes survivors;                           // U3, once signed

  // How many neighbours are in the set.
  std::size_t NeighboursIn(ByteView set) const;
};

}  // namespace sotto::secure_agg

#endif  // SOTTO_SECURE_AGG_CLIENT_STATE_H_
