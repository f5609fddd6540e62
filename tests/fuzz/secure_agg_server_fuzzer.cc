// Clients that send anything, and journals that hold anything.

#include <cstddef>
#include <cstdint>

#include "secure_agg/server_session.h"
#include "tests/support/cohort.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using namespace sotto::secure_agg;
  if (size < 1) return 0;
  Cohort cohort({.size = 3, .length = 4});
  ServerSession& server = cohort.server();
  const auto* text = data + 1;
  const int length = static_cast<int>(size - 1);
  if (data[0] % 6 == 0) {
    (void)ServerSession::Restore({text, size - 1}, cohort.coordinator());
    return 0;
  }
  for (std::uint32_t i = 0; i < 3; ++i) {
    server
        .ReceiveAdvertisement(cohort.client(i).Advertise().value(),
                              cohort.now())
        .IgnoreError();
  }
  sotto::v1::KeyAdvertisement advertisement;
  advertisement.ParseFromArray(text, length);
  server.ReceiveAdvertisement(advertisement, cohort.now()).IgnoreError();
  server.Close().IgnoreError();
  sotto::v1::EncryptedShares shares;
  shares.ParseFromArray(text, length);
  server.ReceiveShares(cohort.id(0), shares).IgnoreError();
  for (std::uint32_t i = 0; i < 3; ++i) {
    // An advertisement may have replaced a client's: then that client leaves.
    const auto roster = server.RosterFor(cohort.id(i));
    if (!roster.ok()) continue;
    const auto own = cohort.client(i).ShareKeys(*roster);
    if (own.ok()) server.ReceiveShares(cohort.id(i), *own).IgnoreError();
  }
  server.Close().IgnoreError();
  sotto::v1::MaskedInputChunk chunk;
  chunk.ParseFromArray(text, length);
  (void)server.ReceiveInput(cohort.id(0), chunk);
  sotto::v1::Complaint complaint;
  complaint.ParseFromArray(text, length);
  server.ReceiveComplaint(cohort.id(1), complaint).IgnoreError();
  for (std::uint32_t i = 0; i < 3; ++i) {
    if (server.DeliveryFor(cohort.id(i)).ok()) {
      cohort.SendInput(i).IgnoreError();
    }
  }
  server.Close().IgnoreError();
  sotto::v1::SurvivorSignature signature;
  signature.ParseFromArray(text, length);
  server.ReceiveSurvivorSignature(cohort.id(0), signature).IgnoreError();
  sotto::v1::UnmaskShares unmask;
  unmask.ParseFromArray(text, length);
  server.ReceiveUnmaskShares(cohort.id(0), unmask).IgnoreError();
  return 0;
}
