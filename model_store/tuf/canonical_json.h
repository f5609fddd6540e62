// JSON as TUF signs it: OLPC canonical form, and a parser that refuses what has
// more than one reading (docs/formats/tuf.md).

#ifndef SOTTO_MODEL_STORE_TUF_CANONICAL_JSON_H_
#define SOTTO_MODEL_STORE_TUF_CANONICAL_JSON_H_

#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "nlohmann/json.hpp"

namespace sotto::model_store {

// INVALID_ARGUMENT: not JSON, nested deeper than 32, an object with a repeated
// key, or a number that is no 64-bit integer.
absl::StatusOr<nlohmann::json> ParseStrictJson(ByteView text);

// Keys sorted by code point, no white space, only `"` and `\` escaped. The
// value must hold no floats, asserted.
std::string CanonicalJson(const nlohmann::json& value);

}  // namespace sotto::model_store

#endif  // SOTTO_MODEL_STORE_TUF_CANONICAL_JSON_H_
