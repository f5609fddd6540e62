// The coordinator's one configuration file, JSON:
//
//   {"listen": "127.0.0.1:0", "http_listen": "127.0.0.1:0",
//    "tls_certificate": PEM, "tls_key": PEM,
//    "state": "sqlite:PATH", "blobs": "file:DIR", "model_store": DIR,
//    "keys": {"coordinator": FILE, "broker": FILE, "broker_signing": FILE,
//             "director": FILE, "issuer_public": HEX},
//    "admin_token_file": FILE}
//
// Optional: "http_url" (what devices are told; default from http_listen),
// "log_level", "token_lifetime_ms".

#ifndef SOTTO_SERVER_CONFIG_H_
#define SOTTO_SERVER_CONFIG_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace sotto::server {

struct Address {
  std::string host;
  std::uint16_t port = 0;  // 0: any free port
  std::string ToString() const { return host + ":" + std::to_string(port); }
};

struct Config {
  Address listen;
  Address http_listen;
  std::string http_url;  // empty: https://HOST:PORT of the bound socket
  std::string tls_certificate;
  std::string tls_key;
  std::string state_path;    // without "sqlite:"
  std::string blobs_folder;  // without "file:"
  std::string model_store;
  std::string coordinator_key;
  std::string broker_key;
  std::string broker_signing_key;
  std::string director_key;
  std::string issuer_public_hex;
  std::string admin_token_file;
  std::string log_level = "info";
  std::int64_t token_lifetime_ms = 24LL * 3600 * 1000;
};

// Total over any text. INVALID_ARGUMENT: not JSON, an unknown or missing key, a
// value of another type or out of range; the message names the key and what it
// wants. UNIMPLEMENTED: a state or blob scheme that this build does not have.
absl::StatusOr<Config> ParseConfig(std::string_view text);

// ReadFile's errors and ParseConfig's, with the path in front.
absl::StatusOr<Config> LoadConfig(const std::string& path);

// "HOST:PORT", port 0..65535. INVALID_ARGUMENT names `key`.
absl::StatusOr<Address> ParseAddress(std::string_view text,
                                     std::string_view key);

}  // namespace sotto::server

#endif  // SOTTO_SERVER_CONFIG_H_
