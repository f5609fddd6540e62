#include "model_store/tuf/package_facts.h"

#include <algorithm>

#include "base/status.h"
#include "model_store/container/leaves.h"
#include "model_store/tuf/canonical_json.h"

namespace sotto::model_store {
namespace {

using nlohmann::json;

constexpr char kSuffix[] = ".mseal";

// Reads one target's custom object; the first wrong field wins.
class FactReader {
 public:
  explicit FactReader(const TufTarget& target) : target_(target) {}

  std::uint64_t Counter(const json& object, const char* key, bool required) {
    if (!object.contains(key)) {
      if (required) Fail(key, "is missing");
      return 0;
    }
    const json& value = object[key];
    if (!value.is_number_integer() || value.get<std::int64_t>() < 1) {
      Fail(key, "wants a whole number of at least 1");
      return 0;
    }
    return value.get<std::uint64_t>();
  }
  crypto::Sha256Digest Digest(const json& value, const char* key) {
    crypto::Sha256Digest digest = {};
    const auto bytes = value.is_string()
                           ? HexDecode(value.get_ref<const std::string&>())
                           : absl::InvalidArgumentError("");
    if (!bytes.ok() || bytes->size() != digest.size()) {
      Fail(key, "wants a SHA-256 in hex");
      return digest;
    }
    std::copy(bytes->begin(), bytes->end(), digest.begin());
    return digest;
  }
  void Fail(const char* key, const char* what) {
    if (!status_.ok()) return;
    status_ = absl::InvalidArgumentError(absl::StrFormat(
        "target '%s': custom field '%s' %s", target_.name, key, what));
  }
  const absl::Status& status() const { return status_; }

 private:
  const TufTarget& target_;
  absl::Status status_;
};

}  // namespace

std::string PackageFactsJson(ByteView container, std::uint64_t release_counter,
                             std::uint64_t version,
                             std::uint64_t min_release_counter) {
  const std::vector<crypto::Sha256Digest> leaves = LeafHashes(container);
  json list = json::array();
  for (const crypto::Sha256Digest& leaf : leaves) {
    list.push_back(HexEncode(leaf));
  }
  json facts = {{"must_match", {{"release_counter", release_counter}}},
                {"version", version},
                {"sha256", HexEncode(crypto::Sha256(container))},
                {"tree",
                 {{"alg", "sha256-merkle"},
                  {"leaf", kLeafBytes},
                  {"root", HexEncode(LeafRoot(leaves))},
                  {"leaves", std::move(list)}}}};
  if (min_release_counter != 0) {
    facts["min_release_counter"] = min_release_counter;
  }
  return CanonicalJson(facts);
}

absl::StatusOr<PackageFacts> ParsePackageFacts(const TufTarget& target) {
  SOTTO_ASSIGN_OR_RETURN(const json custom,
                         ParseStrictJson(AsBytes(target.custom_json)));
  PackageFacts facts;
  if (!custom.is_object() || !custom.contains("must_match")) return facts;
  FactReader read(target);
  const json& must_match = custom["must_match"];
  const json tree = custom.value("tree", json());
  if (!must_match.is_object()) {
    read.Fail("must_match", "wants an object");
  } else if (!tree.is_object() ||
             tree.value("alg", json()) != "sha256-merkle" ||
             tree.value("leaf", json()) != kLeafBytes ||
             !tree.value("leaves", json()).is_array()) {
    read.Fail("tree", "wants sha256-merkle over leaves of 1 MiB");
  }
  SOTTO_RETURN_IF_ERROR(read.status());
  facts.release_counter = read.Counter(must_match, "release_counter", true);
  facts.version = read.Counter(custom, "version", true);
  facts.min_release_counter =
      read.Counter(custom, "min_release_counter", false);
  facts.digest = read.Digest(custom.value("sha256", json()), "sha256");
  for (const json& leaf : tree["leaves"]) {
    facts.leaves.push_back(read.Digest(leaf, "leaves"));
  }
  const auto root = read.Digest(tree.value("root", json()), "root");
  SOTTO_RETURN_IF_ERROR(read.status());
  if (facts.leaves.size() != LeafCount(target.length) ||
      LeafRoot(facts.leaves) != root) {
    read.Fail("leaves", "do not add up to the length and the root");
  }
  SOTTO_RETURN_IF_ERROR(read.status());
  return facts;
}

std::string PackageRecipient(const std::string& name) {
  const std::size_t suffix = sizeof(kSuffix) - 1;
  if (name.size() <= suffix ||
      name.compare(name.size() - suffix, suffix, kSuffix) != 0) {
    return "";
  }
  const std::string stem = name.substr(0, name.size() - suffix);
  // FAMILY/NAME/RELEASE/RECIPIENT has one part more than the common package.
  if (std::ranges::count(stem, '/') != 3) return "";
  return stem.substr(stem.rfind('/') + 1);
}

}  // namespace sotto::model_store
