// A protobuf message as JSON for people and scripts: field names as in the
// schema, every field present, bytes in hex, 64-bit integers as numbers.

#ifndef SOTTO_TOOLS_SOTTO_MESSAGE_JSON_H_
#define SOTTO_TOOLS_SOTTO_MESSAGE_JSON_H_

#include <nlohmann/json.hpp>

#include "google/protobuf/message.h"

namespace sotto::tools {

nlohmann::json MessageJson(const google::protobuf::Message& message);

}  // namespace sotto::tools

#endif  // SOTTO_TOOLS_SOTTO_MESSAGE_JSON_H_
