// When a device may answer, so that the time it took says little: at whole
// multiples of a slot after it was asked. Rejection samplers and redrawn
// roundings take random time (noise/table_sampler.h says why little of it
// matters); the wire shows only the number of slots.

#ifndef SOTTO_PRIVACY_DISTRIBUTED_REPLY_SLOT_H_
#define SOTTO_PRIVACY_DISTRIBUTED_REPLY_SLOT_H_

#include <chrono>

namespace sotto::privacy {

// How long to wait with an answer that was ready `taken` after the question;
// slot is positive. An answer that is ready at the edge of a slot leaves then.
constexpr std::chrono::nanoseconds WaitForSlot(std::chrono::nanoseconds taken,
                                               std::chrono::nanoseconds slot) {
  const std::chrono::nanoseconds over = taken % slot;
  return over.count() == 0 ? over : slot - over;
}

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_DISTRIBUTED_REPLY_SLOT_H_
