#include "model_store/tuf/canonical_json.h"

#include <cassert>
#include <set>
#include <vector>

#include "base/status.h"

namespace sotto::model_store {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxDepth = 32;

void Append(const json& value, std::string& out) {
  switch (value.type()) {
    case json::value_t::object: {
      out += '{';
      bool first = true;
      // nlohmann's objects are std::map over UTF-8, whose byte order is code
      // point order.
      for (const auto& [key, item] : value.items()) {
        if (!first) out += ',';
        first = false;
        Append(json(key), out);
        out += ':';
        Append(item, out);
      }
      out += '}';
      break;
    }
    case json::value_t::array: {
      out += '[';
      bool first = true;
      for (const json& item : value) {
        if (!first) out += ',';
        first = false;
        Append(item, out);
      }
      out += ']';
      break;
    }
    case json::value_t::string: {
      out += '"';
      for (const char c : value.get_ref<const std::string&>()) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
      }
      out += '"';
      break;
    }
    case json::value_t::boolean:
      out += value.get<bool>() ? "true" : "false";
      break;
    case json::value_t::number_integer:
    case json::value_t::number_unsigned:
      out += value.dump();
      break;
    case json::value_t::null:
      out += "null";
      break;
    default:
      assert(false && "floats have no canonical form");
  }
}

}  // namespace

absl::StatusOr<json> ParseStrictJson(ByteView text) {
  std::vector<std::set<std::string>> keys;  // of the open objects
  std::string problem;
  const auto watch = [&](int depth, json::parse_event_t event, json& parsed) {
    if (static_cast<std::size_t>(depth) > kMaxDepth)
      problem = "nested too deep";
    switch (event) {
      case json::parse_event_t::object_start:
        keys.emplace_back();
        break;
      case json::parse_event_t::object_end:
        if (!keys.empty()) keys.pop_back();
        break;
      case json::parse_event_t::key:
        if (!keys.empty() &&
            !keys.back().insert(parsed.get<std::string>()).second) {
          problem =
              "an object repeats the key '" + parsed.get<std::string>() + "'";
        }
        break;
      case json::parse_event_t::value:
        if (parsed.is_number_float()) problem = "a number is no integer";
        break;
      default:
        break;
    }
    return true;
  };
  // Depth is bounded before the recursive parser sees it.
  std::size_t depth = 0;
  bool in_text = false, escaped = false;
  for (const std::uint8_t c : text) {
    if (in_text) {
      if (escaped) {
        escaped = false;
      } else if (c == '\\') {
        escaped = true;
      } else if (c == '"') {
        in_text = false;
      }
    } else if (c == '"') {
      in_text = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) {
        return absl::InvalidArgumentError("JSON: nested deeper than 32");
      }
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  json value = json::parse(text.begin(), text.end(), watch, false);
  if (value.is_discarded()) {
    return absl::InvalidArgumentError("JSON: it does not parse");
  }
  if (!problem.empty()) return absl::InvalidArgumentError("JSON: " + problem);
  return value;
}

std::string CanonicalJson(const json& value) {
  std::string out;
  Append(value, out);
  return out;
}

}  // namespace sotto::model_store
