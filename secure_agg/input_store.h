// Where a server keeps masked inputs that are still incomplete. The sum takes
// an input whole or not at all, so what has arrived waits here; with a store on
// disk the server's memory does not grow with the number of uploads, and an
// upload goes on after a restart.
//
// Nothing here is secret: an input is masked, and the mask of one that never
// completes is never revealed whole (docs/protocol/secure_aggregation.md).

#ifndef SOTTO_SECURE_AGG_INPUT_STORE_H_
#define SOTTO_SECURE_AGG_INPUT_STORE_H_

#include <cstdint>
#include <map>
#include <span>

#include "absl/status/statusor.h"
#include "base/bytes.h"

namespace sotto::secure_agg {

// One per session; members by roster index. Not thread-safe. Implementations
// return errors of their medium as UNAVAILABLE or RESOURCE_EXHAUSTED; the
// server then refuses the chunk, and the device sends it again.
class InputStore {
 public:
  virtual ~InputStore() = default;

  // What the member has sent so far; 0 without any.
  virtual absl::StatusOr<std::uint64_t> Size(std::uint32_t member) = 0;
  virtual absl::Status Append(std::uint32_t member, ByteView bytes) = 0;
  // Fills `out` from byte `offset` on. DATA_LOSS: there are not as many.
  virtual absl::Status Read(std::uint32_t member, std::uint64_t offset,
                            std::span<std::uint8_t> out) = 0;
  virtual void Drop(std::uint32_t member) = 0;
};

// Memory grows with the uploads under way; for tests and small sessions.
class MemoryInputStore final : public InputStore {
 public:
  absl::StatusOr<std::uint64_t> Size(std::uint32_t member) override;
  absl::Status Append(std::uint32_t member, ByteView bytes) override;
  absl::Status Read(std::uint32_t member, std::uint64_t offset,
                    std::span<std::uint8_t> out) override;
  void Drop(std::uint32_t member) override { inputs_.erase(member); }

 private:
  std::map<std::uint32_t, Bytes> inputs_;
};

}  // namespace sotto::secure_agg

#endif  // SOTTO_SECURE_AGG_INPUT_STORE_H_
