#include "model_store/rollout/condition.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <regex>
#include <vector>

namespace sotto::model_store {
namespace {

using nlohmann::json;

constexpr int kMaxDepth = 32;    // of evaluation
constexpr int kMaxNesting = 64;  // of JSON
constexpr std::size_t kMaxPattern = 256;
constexpr std::size_t kMaxSubject = 1024;

struct Context {
  const json& saved_groups;
};

bool Evaluate(const json& attributes, const json& condition,
              const Context& context, int depth);
bool EvaluateValue(const json& condition, const json* value,
                   const Context& context, int depth);

// Follows "a.b.c"; null: absent.
const json* Lookup(const json& attributes, const std::string& path) {
  const json* at = &attributes;
  std::size_t begin = 0;
  while (true) {
    const std::size_t dot = path.find('.', begin);
    const std::string key = path.substr(begin, dot - begin);
    if (!at->is_object()) return nullptr;
    const auto found = at->find(key);
    if (found == at->end()) return nullptr;
    at = &*found;
    if (dot == std::string::npos) return at;
    begin = dot + 1;
  }
}

bool IsOperatorObject(const json& condition) {
  return condition.is_object() && !condition.empty() &&
         std::ranges::all_of(condition.items(), [](const auto& item) {
           return !item.key().empty() && item.key()[0] == '$';
         });
}

std::string TypeName(const json* value) {
  if (value == nullptr) return "undefined";
  if (value->is_null()) return "null";
  if (value->is_boolean()) return "boolean";
  if (value->is_number()) return "number";
  if (value->is_string()) return "string";
  if (value->is_array()) return "array";
  return "object";
}

// Numbers, and text that is one, as in JavaScript.
std::optional<double> AsNumber(const json& value) {
  if (value.is_number()) return value.get<double>();
  if (value.is_boolean()) return value.get<bool>() ? 1.0 : 0.0;
  if (value.is_null()) return 0.0;
  if (!value.is_string()) return std::nullopt;
  const auto& text = value.get_ref<const std::string&>();
  if (text.empty()) return 0.0;
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return number;
}

template <typename Compare>
bool Ordered(const json* value, const json& bound, const Compare& compare) {
  const json missing = nullptr;
  const json& left = value == nullptr ? missing : *value;
  if (left.is_string() && bound.is_string()) {
    return compare(left.get_ref<const std::string&>().compare(
                       bound.get_ref<const std::string&>()),
                   0);
  }
  const auto a = AsNumber(left), b = AsNumber(bound);
  return a && b && compare(*a < *b ? -1 : (*a > *b ? 1 : 0), 0);
}

template <typename Compare>
bool VersionOrdered(const json* value, const json& bound,
                    const Compare& compare) {
  const auto text = [](const json* v) {
    if (v == nullptr || v->is_null()) return std::string();
    return v->is_string() ? v->get<std::string>() : v->dump();
  };
  return compare(
      PaddedVersion(text(value)).compare(PaddedVersion(text(&bound))), 0);
}

std::string Folded(const json& value, bool fold) {
  std::string text =
      value.is_string() ? value.get<std::string>() : value.dump();
  if (fold) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) {
      return static_cast<char>(std::tolower(c));
    });
  }
  return text;
}

bool Same(const json& a, const json& b, bool fold) {
  if (fold && a.is_string() && b.is_string()) {
    return Folded(a, true) == Folded(b, true);
  }
  return a == b;
}

bool IsIn(const json* value, const json& list, bool fold) {
  if (!list.is_array()) return false;
  const json missing = nullptr;
  const json& left = value == nullptr ? missing : *value;
  const auto listed = [&](const json& item) {
    return std::ranges::any_of(
        list, [&](const json& other) { return Same(item, other, fold); });
  };
  if (left.is_array()) return std::ranges::any_of(left, listed);
  return listed(left);
}

bool HasAll(const json* value, const json& wanted, const Context& context,
            int depth, bool fold) {
  if (value == nullptr || !value->is_array() || !wanted.is_array()) {
    return false;
  }
  return std::ranges::all_of(wanted, [&](const json& want) {
    return std::ranges::any_of(*value, [&](const json& item) {
      if (fold) return Same(item, want, true);
      return EvaluateValue(want, &item, context, depth + 1);
    });
  });
}

bool Matches(const json* value, const json& pattern, bool fold) {
  if (value == nullptr || !value->is_string() || !pattern.is_string()) {
    return false;
  }
  const auto& text = value->get_ref<const std::string&>();
  const auto& expression = pattern.get_ref<const std::string&>();
  // Work on hostile input is bounded by refusing long ones.
  if (expression.size() > kMaxPattern || text.size() > kMaxSubject) {
    return false;
  }
  auto flags = std::regex::ECMAScript;
#ifdef __GLIBCXX__
  // Without back references, and so without exponential backtracking.
  flags |= std::regex_constants::__polynomial;
#endif
  if (fold) flags |= std::regex::icase;
  try {  // the standard library reports a bad pattern by throwing
    return std::regex_search(text, std::regex(expression, flags));
  } catch (const std::regex_error&) {
    return false;
  }
}

bool ElementMatches(const json* value, const json& condition,
                    const Context& context, int depth) {
  if (value == nullptr || !value->is_array()) return false;
  return std::ranges::any_of(*value, [&](const json& item) {
    return IsOperatorObject(condition)
               ? EvaluateValue(condition, &item, context, depth + 1)
               : Evaluate(item, condition, context, depth + 1);
  });
}

bool Apply(const std::string& op, const json& argument, const json* value,
           const Context& context, int depth) {
  const auto below = [](int a, int b) { return a < b; };
  const auto at_most = [](int a, int b) { return a <= b; };
  const auto above = [](int a, int b) { return a > b; };
  const auto at_least = [](int a, int b) { return a >= b; };
  const auto equal = [](int a, int b) { return a == b; };
  const auto differs = [](int a, int b) { return a != b; };
  const json missing = nullptr;
  const json& present = value == nullptr ? missing : *value;
  if (op == "$eq")
    return value != nullptr ? present == argument : argument.is_null();
  if (op == "$ne")
    return !(value != nullptr ? present == argument : argument.is_null());
  if (op == "$lt") return Ordered(value, argument, below);
  if (op == "$lte") return Ordered(value, argument, at_most);
  if (op == "$gt") return Ordered(value, argument, above);
  if (op == "$gte") return Ordered(value, argument, at_least);
  if (op == "$vlt") return VersionOrdered(value, argument, below);
  if (op == "$vlte") return VersionOrdered(value, argument, at_most);
  if (op == "$vgt") return VersionOrdered(value, argument, above);
  if (op == "$vgte") return VersionOrdered(value, argument, at_least);
  if (op == "$veq") return VersionOrdered(value, argument, equal);
  if (op == "$vne") return VersionOrdered(value, argument, differs);
  if (op == "$exists") {
    const bool there = value != nullptr && !value->is_null();
    const bool wanted = argument.is_boolean()
                            ? argument.get<bool>()
                            : !argument.is_null() && argument != 0;
    return there == wanted;
  }
  if (op == "$type") return argument.is_string() && TypeName(value) == argument;
  if (op == "$in") return IsIn(value, argument, false);
  if (op == "$ini") return IsIn(value, argument, true);
  if (op == "$nin") return argument.is_array() && !IsIn(value, argument, false);
  if (op == "$nini") return argument.is_array() && !IsIn(value, argument, true);
  if (op == "$inGroup" || op == "$notInGroup") {
    const json none = json::array();
    const bool known =
        argument.is_string() && context.saved_groups.is_object() &&
        context.saved_groups.contains(argument.get<std::string>());
    const json& group =
        known ? context.saved_groups.at(argument.get<std::string>()) : none;
    return IsIn(value, group, false) == (op == "$inGroup");
  }
  if (op == "$all") return HasAll(value, argument, context, depth, false);
  if (op == "$alli") return HasAll(value, argument, context, depth, true);
  if (op == "$elemMatch")
    return ElementMatches(value, argument, context, depth);
  if (op == "$size") {
    if (value == nullptr || !value->is_array()) return false;
    const json size = value->size();
    return EvaluateValue(argument, &size, context, depth + 1);
  }
  if (op == "$regex") return Matches(value, argument, false);
  if (op == "$regexi") return Matches(value, argument, true);
  if (op == "$notRegex") return !Matches(value, argument, false);
  if (op == "$notRegexi") return !Matches(value, argument, true);
  if (op == "$not") return !EvaluateValue(argument, value, context, depth + 1);
  return false;
}

bool EvaluateValue(const json& condition, const json* value,
                   const Context& context, int depth) {
  if (depth > kMaxDepth) return false;
  if (IsOperatorObject(condition)) {
    return std::ranges::all_of(condition.items(), [&](const auto& item) {
      return Apply(item.key(), item.value(), value, context, depth);
    });
  }
  if (condition.is_null()) return value == nullptr || value->is_null();
  return value != nullptr && *value == condition;
}

bool Any(const json& list, const json& attributes, const Context& context,
         int depth) {
  if (!list.is_array() || list.empty()) return true;
  return std::ranges::any_of(list, [&](const json& item) {
    return Evaluate(attributes, item, context, depth + 1);
  });
}

bool Evaluate(const json& attributes, const json& condition,
              const Context& context, int depth) {
  if (depth > kMaxDepth) return false;
  if (!condition.is_object()) return false;
  return std::ranges::all_of(condition.items(), [&](const auto& item) {
    const std::string& key = item.key();
    if (key == "$or") return Any(item.value(), attributes, context, depth);
    if (key == "$nor") {
      return !Any(item.value(), attributes, context, depth);
    }
    if (key == "$and") {
      return item.value().is_array() &&
             std::ranges::all_of(item.value(), [&](const json& part) {
               return Evaluate(attributes, part, context, depth + 1);
             });
    }
    if (key == "$not") {
      return !Evaluate(attributes, item.value(), context, depth + 1);
    }
    return EvaluateValue(item.value(), Lookup(attributes, key), context,
                         depth + 1);
  });
}

}  // namespace

absl::StatusOr<json> ParseConditionJson(std::string_view text) {
  bool too_deep = false;
  const auto watch = [&](int depth, json::parse_event_t, json&) {
    too_deep = too_deep || depth > kMaxNesting;
    return true;
  };
  json value = json::parse(text, watch, false);
  if (too_deep || !value.is_object()) {
    return absl::InvalidArgumentError(too_deep ? "it is nested deeper than 64"
                                               : "it is no JSON object");
  }
  return value;
}

std::string PaddedVersion(const std::string& version) {
  std::string text = version;
  if (!text.empty() && text[0] == 'v') text.erase(0, 1);
  if (const auto plus = text.find('+'); plus != std::string::npos) {
    text.resize(plus);
  }
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == '.' || c == '-') {
      parts.emplace_back();
    } else {
      parts.back().push_back(c);
    }
  }
  // A release sorts after its pre-releases.
  if (parts.size() == 3) parts.emplace_back("~");
  std::string out;
  for (const std::string& part : parts) {
    if (!out.empty()) out += '-';
    const bool number =
        !part.empty() && std::ranges::all_of(part, [](unsigned char c) {
          return std::isdigit(c) != 0;
        });
    if (number && part.size() < 5) out += std::string(5 - part.size(), ' ');
    out += part;
  }
  return out;
}

bool EvaluateCondition(const json& attributes, const json& condition,
                       const json& saved_groups) {
  return Evaluate(attributes, condition, {.saved_groups = saved_groups}, 0);
}

}  // namespace sotto::model_store
