// URLs of a stranger: what is served lies below the folder.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/bytes.h"
#include "server/http/served_path.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const auto path =
      sotto::server::ServedPath("/usr", sotto::AsText({data, size}));
  const bool escapes = path.ok() && (path->rfind("/usr/", 0) != 0 ||
                                     path->find("/../") != std::string::npos ||
                                     path->ends_with("/.."));
  if (escapes) std::abort();
  return 0;
}
