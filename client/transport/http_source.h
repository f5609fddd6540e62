// Files over HTTPS with Range, by libcurl. Get is for one thread at a time; the
// cancelling calls are for any.

#ifndef SOTTO_CLIENT_TRANSPORT_HTTP_SOURCE_H_
#define SOTTO_CLIENT_TRANSPORT_HTTP_SOURCE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "client/transport/blob_source.h"

namespace sotto::client {

// `ca_file`: the only authority whose certificates are believed. RESOURCE_
// EXHAUSTED: libcurl cannot be set up.
absl::StatusOr<std::unique_ptr<BlobSource>> MakeHttpSource(
    const std::string& ca_file);

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_TRANSPORT_HTTP_SOURCE_H_
