// What the messages of secure aggregation carry against an active server.

#ifndef SOTTO_BENCH_PROOF_BYTES_H_
#define SOTTO_BENCH_PROOF_BYTES_H_

#include <cstddef>

#include "google/protobuf/message.h"

namespace sotto::bench {

// The bytes that certificates, signatures and Merkle paths take in `message`,
// their tags and lengths included. Published figures of traffic, and the
// formula of Bonawitz et al. 2017, are of messages without them.
std::size_t ProofBytes(const google::protobuf::Message& message);

}  // namespace sotto::bench

#endif  // SOTTO_BENCH_PROOF_BYTES_H_
