// One envelope read as every role: an attacker chooses which file it stands in
// for. What targets say of containers is read too.

#include <cstddef>
#include <cstdint>

#include "model_store/tuf/metadata.h"
#include "model_store/tuf/package_facts.h"

namespace {

void ParseAsEveryRole(sotto::ByteView bytes) {
  using namespace sotto::model_store;
  const auto envelope = ParseEnvelope(bytes);
  if (!envelope.ok()) return;
  (void)ParseRoot(*envelope);
  (void)ParseTimestamp(*envelope);
  (void)ParseSnapshot(*envelope);
  const auto targets = ParseTargets(*envelope);
  if (!targets.ok()) return;
  for (const auto& [name, target] : targets->targets) {
    (void)ParsePackageFacts(target);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  ParseAsEveryRole({data, size});
  return 0;
}
