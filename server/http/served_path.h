// From the path of a URL to a file below a folder, and to nothing else.

#ifndef SOTTO_SERVER_HTTP_SERVED_PATH_H_
#define SOTTO_SERVER_HTTP_SERVED_PATH_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace sotto::server {

// `rest` is what follows the folder's prefix in the URL, undecoded. Tries it as
// a file name as it stands (role names are stored percent-encoded), then
// decoded. INVALID_ARGUMENT: an empty component, ".", "..", a control character
// or a damaged escape. NOT_FOUND: no such file.
absl::StatusOr<std::string> ServedPath(const std::string& folder,
                                       std::string_view rest);

}  // namespace sotto::server

#endif  // SOTTO_SERVER_HTTP_SERVED_PATH_H_
