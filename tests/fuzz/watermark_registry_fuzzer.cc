#include <cstddef>
#include <cstdint>

#include "watermark/evidence/key_file.h"
#include "watermark/evidence/registry_records.h"

// Few inputs get past the signatures of a registry, so what lies behind them is
// parsed from the same bytes too.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const sotto::ByteView bytes(data, size);
  sotto::watermark::Registry::Parse(bytes).status().IgnoreError();
  sotto::watermark::DecodeRecord(bytes).status().IgnoreError();
  sotto::watermark::DecodeCommitment(bytes).status().IgnoreError();
  sotto::watermark::DecodeNonce(bytes).status().IgnoreError();
  sotto::watermark::DecodeAttestation(bytes).status().IgnoreError();
  sotto::watermark::ParseOwnerKey(bytes).status().IgnoreError();
  return 0;
}
