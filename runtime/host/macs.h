// Multiply-accumulates of a node, the usual measure of work.

#ifndef SOTTO_RUNTIME_HOST_MACS_H_
#define SOTTO_RUNTIME_HOST_MACS_H_

#include <cstdint>

#include "runtime/host/node.h"

namespace sotto::runtime {

// Of one run of `node`, by the usual count for convolutions, fully connected
// layers and matrix products; 0 for others.
std::uint64_t CountMacs(const Node& node);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_HOST_MACS_H_
