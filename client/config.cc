#include "sotto/config.h"

#include <set>

#include "base/file.h"
#include "base/status.h"
#include "nlohmann/json.hpp"

namespace sotto {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kPublicKeyHexDigits = 64;
constexpr std::size_t kMaxConfigBytes = 1 << 20;
constexpr int kMaxThreads = 256;
// Beyond them the budget says nothing.
constexpr double kMaxEpsilon = 1000;
constexpr double kMaxDelta = 0.1;

absl::Status Bad(const std::string& key, const std::string& wants) {
  return absl::InvalidArgumentError(
      absl::StrFormat("device configuration: key '%s' wants %s", key, wants));
}

// Reads the members of one JSON object, remembers which keys it knows, and
// keeps the first error.
class Reader {
 public:
  Reader(const Json& object, std::string prefix)
      : object_(object), prefix_(std::move(prefix)) {}

  const Json* Find(const std::string& key) {
    known_.insert(key);
    const auto found = object_.find(key);
    return found == object_.end() ? nullptr : &*found;
  }
  void Fail(const std::string& key, const std::string& wants) {
    if (status_.ok()) status_ = Bad(prefix_ + key, wants);
  }
  void Text(const std::string& key, bool required, std::string* value) {
    const Json* found = Find(key);
    if (found == nullptr) {
      if (required) Fail(key, "a value; it is missing");
    } else if (!found->is_string() ||
               found->get_ref<const std::string&>().empty()) {
      Fail(key, "a text that is not empty");
    } else {
      *value = found->get<std::string>();
    }
  }
  void PublicKey(const std::string& key, std::string* value) {
    Text(key, true, value);
    if (value->size() != kPublicKeyHexDigits ||
        value->find_first_not_of("0123456789abcdefABCDEF") !=
            std::string::npos) {
      Fail(key, "64 hex digits");
    }
  }
  void Flag(const std::string& key, bool* value) {
    const Json* found = Find(key);
    if (found == nullptr) return;
    if (!found->is_boolean()) return Fail(key, "true or false");
    *value = found->get<bool>();
  }
  template <typename Number>
  void Whole(const std::string& key, std::uint64_t min, std::uint64_t max,
             Number* value) {
    const Json* found = Find(key);
    if (found == nullptr) return;
    if (!found->is_number_unsigned() || found->get<std::uint64_t>() < min ||
        found->get<std::uint64_t>() > max) {
      return Fail(key,
                  absl::StrFormat("a whole number from %d to %d", min, max));
    }
    *value = static_cast<Number>(found->get<std::uint64_t>());
  }
  void Fraction(const std::string& key, double* value) {
    const Json* found = Find(key);
    if (found == nullptr) return;
    if (!found->is_number() || !(found->get<double>() >= 0.0) ||
        !(found->get<double>() <= 1.0)) {
      return Fail(key, "a number from 0 to 1");
    }
    *value = found->get<double>();
  }
  // Above 0, at most `max`.
  void Positive(const std::string& key, double max, double* value) {
    const Json* found = Find(key);
    if (found == nullptr) return;
    if (!found->is_number() || !(found->get<double>() > 0.0) ||
        !(found->get<double>() <= max)) {
      return Fail(key, absl::StrFormat("a number above 0, at most %g", max));
    }
    *value = found->get<double>();
  }
  // OK when all went well and no key is left over.
  absl::Status Finish() const {
    for (const auto& [key, value] : object_.items()) {
      if (!known_.contains(key)) {
        return absl::InvalidArgumentError(absl::StrFormat(
            "device configuration: unknown key '%s'; docs/sdk.md lists the "
            "keys",
            prefix_ + key));
      }
    }
    return status_;
  }

 private:
  const Json& object_;
  const std::string prefix_;
  std::set<std::string> known_;
  absl::Status status_;
};

absl::Status ReadPolicy(const Json& object, LocalPolicy* policy) {
  Reader reader(object, "policy.");
  reader.Flag("allow_training", &policy->allow_training);
  reader.Flag("require_idle", &policy->require_idle);
  reader.Flag("require_charging", &policy->require_charging);
  reader.Fraction("min_battery", &policy->min_battery);
  reader.Flag("allow_metered", &policy->allow_metered);
  reader.Whole("min_free_storage_bytes", 0, std::uint64_t{1} << 50,
               &policy->min_free_storage_bytes);
  reader.Whole("min_cohort", 2, 1u << 20, &policy->min_cohort);
  reader.Fraction("corrupted_fraction", &policy->corrupted_fraction);
  reader.Whole("max_model_bytes", 1, std::uint64_t{1} << 40,
               &policy->max_model_bytes);
  reader.Flag("allow_without_noise", &policy->allow_without_noise);
  reader.Flag("trust_coordinator_noise", &policy->trust_coordinator_noise);
  reader.Positive("max_epsilon", kMaxEpsilon, &policy->max_epsilon);
  reader.Positive("delta", kMaxDelta, &policy->delta);
  reader.Whole("trust_horizon_rounds", 0, 1u << 20,
               &policy->trust_horizon_rounds);
  return reader.Finish();
}

}  // namespace

absl::StatusOr<ClientConfig> ParseClientConfig(std::string_view json) {
  if (json.size() > kMaxConfigBytes) {
    return absl::InvalidArgumentError(
        "device configuration: larger than 1 MiB");
  }
  const Json root = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!root.is_object()) {
    return absl::InvalidArgumentError(
        "device configuration: not a JSON object");
  }
  ClientConfig config;
  Reader reader(root, "");
  reader.Text("storage", true, &config.storage);
  reader.Text("grpc", true, &config.grpc);
  reader.Text("ca", true, &config.ca);
  reader.PublicKey("issuer_public", &config.issuer_public);
  reader.PublicKey("coordinator_public", &config.coordinator_public);
  reader.PublicKey("broker_public", &config.broker_public);
  reader.Text("models_root", true, &config.models_root);
  reader.Text("director_root", true, &config.director_root);
  reader.Text("population", true, &config.population);
  reader.Text("model", true, &config.model);
  config.app = config.population;
  reader.Text("app", false, &config.app);
  reader.Text("data", false, &config.data);
  reader.Text("export_updates", false, &config.export_updates);
  std::uint64_t interval_ms = config.update_interval.count();
  reader.Whole("update_interval_ms", 10, std::uint64_t{7} * 24 * 3600 * 1000,
               &interval_ms);
  config.update_interval = std::chrono::milliseconds(interval_ms);
  reader.Whole("threads", 1, kMaxThreads, &config.threads);
  if (const Json* attributes = reader.Find("attributes")) {
    if (!attributes->is_object()) {
      reader.Fail("attributes", "an object of texts");
    } else {
      for (const auto& [key, value] : attributes->items()) {
        if (!value.is_string()) {
          reader.Fail("attributes", "an object of texts");
          break;
        }
        config.attributes[key] = value.get<std::string>();
      }
    }
  }
  if (const Json* policy = reader.Find("policy")) {
    if (!policy->is_object()) {
      reader.Fail("policy", "an object");
    } else {
      SOTTO_RETURN_IF_ERROR(ReadPolicy(*policy, &config.policy));
    }
  }
  SOTTO_RETURN_IF_ERROR(reader.Finish());
  return config;
}

absl::StatusOr<ClientConfig> LoadClientConfig(const std::string& path) {
  SOTTO_ASSIGN_OR_RETURN(const std::string text,
                         ReadTextFile(path, kMaxConfigBytes));
  absl::StatusOr<ClientConfig> config = ParseClientConfig(text);
  if (!config.ok()) return Annotate(config.status(), path);
  return config;
}

}  // namespace sotto
