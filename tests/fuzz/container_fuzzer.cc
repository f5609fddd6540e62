#include <cstddef>
#include <cstdint>

#include "model_store/container/container.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using namespace sotto::model_store;
  (void)InspectContainer({data, size});
  (void)OpenContainer({data, size}, FileKey());
  return 0;
}
