// Rollout documents, and the arm that a device would compute from one; bytes
// that are text also stand for a policy and for a condition.

#include <cstddef>
#include <cstdint>

#include "model_store/rollout/assignment.h"
#include "model_store/rollout/policy.h"

namespace {

using namespace sotto;

constexpr char kAttributes[] =
    R"({"id":"7","os":"1.2.3","ram":4096,"tags":["a","b"],"n":{"m":null}})";

void Follow(ByteView bytes) {
  (void)model_store::ParseRolloutPolicy(bytes);
  model_store::RolloutDocument document;
  document.state = model_store::RolloutState::kRunning;
  document.condition = ToString(bytes);
  (void)model_store::Assign(document, "00", kAttributes);
  const auto decoded = model_store::DecodeRollout(bytes);
  if (!decoded.ok()) return;
  (void)model_store::Assign(*decoded, "00", kAttributes);
  (void)model_store::CheckSuccessor(bytes, *decoded, {}, UnixTime());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  Follow({data, size});
  return 0;
}
