// A coordinator that sends anything: each of the client's inputs, in every
// state that a session can reach by itself.

#include <cstddef>
#include <cstdint>

#include "crypto/certificate.h"
#include "secure_agg/client_session.h"
#include "tests/support/cohort.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using namespace sotto::secure_agg;
  if (size < 1) return 0;
  Cohort cohort({.size = 3, .length = 4});
  const std::uint8_t state = data[0] % 4;
  const auto* text = data + 1;
  const int length = static_cast<int>(size - 1);
  for (std::uint32_t i = 0; i < 3; ++i) {
    cohort.server()
        .ReceiveAdvertisement(cohort.client(i).Advertise().value(),
                              cohort.now())
        .IgnoreError();
  }
  cohort.server().Close().IgnoreError();
  if (state == 0) {
    sotto::v1::Roster roster = cohort.server().RosterFor(cohort.id(0)).value();
    roster.MergeFromString({reinterpret_cast<const char*>(text),
                            static_cast<std::size_t>(length)});
    (void)cohort.client(0).ShareKeys(roster);
    return 0;
  }
  for (std::uint32_t i = 0; i < 3; ++i) {
    cohort.server()
        .ReceiveShares(
            cohort.id(i),
            cohort.client(i)
                .ShareKeys(cohort.server().RosterFor(cohort.id(i)).value())
                .value())
        .IgnoreError();
  }
  cohort.server().Close().IgnoreError();
  if (state == 1) {
    sotto::v1::ShareDelivery delivery =
        cohort.server().DeliveryFor(cohort.id(0)).value();
    delivery.MergeFromString({reinterpret_cast<const char*>(text),
                              static_cast<std::size_t>(length)});
    (void)cohort.client(0).MaskInput(delivery, cohort.input(0));
    return 0;
  }
  for (std::uint32_t i = 0; i < 3; ++i) cohort.SendInput(i).IgnoreError();
  cohort.server().Close().IgnoreError();
  sotto::v1::SurvivorSet survivors =
      cohort.server().SurvivorsFor(cohort.id(0)).value();
  if (state == 2) {
    survivors.MergeFromString({reinterpret_cast<const char*>(text),
                               static_cast<std::size_t>(length)});
    (void)cohort.client(0).SignSurvivors(survivors);
    return 0;
  }
  (void)cohort.client(0).SignSurvivors(survivors);
  sotto::v1::UnmaskRequest request;
  request.ParseFromArray(text, length);
  (void)cohort.client(0).Unmask(request);
  return 0;
}
