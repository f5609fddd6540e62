// What the agent tells the app, as JSON objects of one line (docs/sdk.md).

#ifndef SOTTO_CLIENT_AGENT_EVENTS_H_
#define SOTTO_CLIENT_AGENT_EVENTS_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "nlohmann/json.hpp"
#include "sotto/client.h"

namespace sotto::client {

// Thread-safe if the sink is.
class Events {
 public:
  explicit Events(EventSink sink) : sink_(std::move(sink)) {}

  // Adds "event": `name`. Bytes that are not UTF-8 are replaced.
  void Emit(const std::string& name, nlohmann::json fields) const {
    if (!sink_) return;
    fields["event"] = name;
    sink_(name, fields.dump(-1, ' ', false,
                            nlohmann::json::error_handler_t::replace));
  }
  // {"event": "error", "where", "code", "message"}
  void EmitError(const std::string& where, const absl::Status& status) const {
    Emit("error", {{"where", where},
                   {"code", absl::StatusCodeToString(status.code())},
                   {"message", std::string(status.message())}});
  }

 private:
  const EventSink sink_;
};

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_AGENT_EVENTS_H_
