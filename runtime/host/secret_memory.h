// Copies of weights that must not outlive the model in readable memory.

#ifndef SOTTO_RUNTIME_HOST_SECRET_MEMORY_H_
#define SOTTO_RUNTIME_HOST_SECRET_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <memory>

namespace sotto::runtime {

// Keeps [data, data + bytes) out of swap and core dumps as far as the system
// allows; when the result is destroyed, which must happen before the memory is
// freed, the bytes are wiped.
std::shared_ptr<const void> GuardSecret(std::uint8_t* data, std::size_t bytes);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_HOST_SECRET_MEMORY_H_
