// HTTPS: signed metadata, sealed targets and blobs with ranges, health,
// metrics.
//
//   /models/metadata/FILE  /models/targets/PATH  /director/metadata/FILE
//   /director/targets/PATH  /blobs/ab/abcdef… (SHA-256)
//   /healthz  /readyz  /metrics
//
// The paths are those of the folders, so that a static file server or a CDN can
// stand in for all but the last three. A range that ends behind the file ends
// with it (RFC 9110 section 14.1.2); of several ranges none is honoured.
//
// Everything served is public or ciphertext, so there is no authentication.
// Threads of its own; the functions of HttpSources are called from them.

#ifndef SOTTO_SERVER_HTTP_HTTP_SERVER_H_
#define SOTTO_SERVER_HTTP_HTTP_SERVER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/config.h"

namespace sotto::server {

struct HttpSources {
  // URL prefix such as "/models/metadata/" -> folder on disk.
  std::map<std::string, std::string> folders;
  std::function<bool()> ready;
  std::function<std::string()> metrics;  // Prometheus text format 0.0.4
};

class HttpServer {
 public:
  // Listens when it returns. INVALID_ARGUMENT: the certificate or key cannot be
  // used. UNAVAILABLE: the address is taken or not of this machine. Each names
  // the file or the address.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(
      const Address& address, const std::string& certificate_path,
      const std::string& key_path, HttpSources sources);

  virtual ~HttpServer() = default;
  virtual std::uint16_t port() const = 0;
  // Ends all connections; called by the destructor too.
  virtual void Stop() = 0;
};

}  // namespace sotto::server

#endif  // SOTTO_SERVER_HTTP_HTTP_SERVER_H_
