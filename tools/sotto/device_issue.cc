#include "tools/sotto/device_issue.h"

#include <cstdint>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/clock.h"
#include "base/file.h"
#include "base/status.h"
#include "crypto/certificate.h"
#include "crypto/key_file.h"
#include "model_store/tuf/metadata.h"
#include "tools/sotto/command.h"

namespace sotto::tools {
namespace {

using nlohmann::json;

constexpr std::int64_t kDayMs = 24LL * 60 * 60 * 1000;
// Clocks of devices may be behind.
constexpr std::int64_t kSlackMs = 60LL * 60 * 1000;
constexpr std::uint64_t kMaxRequestBytes = 64 * 1024;

struct IssueFlags {
  std::string issuer_key, request, out, until;
  std::int64_t days = 365;
  bool as_json = false;
};

struct Request {
  std::string population;
  crypto::PublicKey identity_key = {};
};

// {"type": "sotto-device-request", "population": P, "identity_key": 64 hex}
absl::StatusOr<Request> ReadRequest(const std::string& path) {
  SOTTO_ASSIGN_OR_RETURN(const std::string text,
                         ReadTextFile(path, kMaxRequestBytes));
  const json value = json::parse(text, nullptr, false);
  const auto text_of = [&](const char* key) {
    const auto found = value.is_object() ? value.find(key) : value.end();
    return found != value.end() && found->is_string()
               ? found->get<std::string>()
               : std::string();
  };
  if (text_of("type") != "sotto-device-request") {
    return absl::InvalidArgumentError(absl::StrFormat(
        "'%s' is no device request; `sotto-device init` writes one", path));
  }
  Request request;
  request.population = text_of("population");
  if (request.population.empty()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("'%s': field 'population' is missing", path));
  }
  const auto key = crypto::ParsePublicKeyHex(text_of("identity_key"),
                                             "field 'identity_key'");
  if (!key.ok()) return Annotate(key.status(), "'" + path + "'");
  request.identity_key = *key;
  return request;
}

absl::Status Issue(const IssueFlags& flags) {
  SOTTO_ASSIGN_OR_RETURN(const crypto::SigningKey issuer,
                         crypto::ReadSigningKeyFile(flags.issuer_key));
  SOTTO_ASSIGN_OR_RETURN(const Request request, ReadRequest(flags.request));
  const std::int64_t now = SystemClock().NowMillis();
  std::int64_t until = now + flags.days * kDayMs;
  if (!flags.until.empty()) {
    const auto parsed = model_store::ParseTufTime(flags.until);
    if (!parsed.ok()) return Annotate(parsed.status(), "--until");
    if (*parsed <= now) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "--until '%s': wants a time that is still to come", flags.until));
    }
    until = *parsed;
  }
  const Bytes certificate = crypto::IssueCertificate(
      issuer, request.identity_key, request.population, now - kSlackMs, until);
  SOTTO_RETURN_IF_ERROR(WriteFileAtomically(flags.out, certificate));
  const std::string device =
      HexEncode(crypto::DeviceIdOf(request.identity_key));
  if (flags.as_json) {
    const json report = {{"device", device},
                         {"population", request.population},
                         {"not_after_ms", until},
                         {"certificate", flags.out}};
    std::printf(
        "%s\n",
        report.dump(-1, ' ', false, json::error_handler_t::replace).c_str());
  } else {
    std::printf("%s: device %s of population '%s', valid until %s\n",
                flags.out.c_str(), device.c_str(), request.population.c_str(),
                model_store::FormatTufTime(until).c_str());
  }
  return absl::OkStatus();
}

}  // namespace

void AddDeviceIssue(CLI::App& device) {
  auto flags = std::make_shared<IssueFlags>();
  CLI::App& command =
      *device.add_subcommand("issue", "certify the request of a device");
  command.add_option("--issuer-key", flags->issuer_key, "private key file")
      ->required();
  command
      .add_option("--request", flags->request, "file of `sotto-device init`")
      ->required();
  command.add_option("--out", flags->out, "the certificate to write")
      ->required();
  command.add_option("--until", flags->until,
                     "when it ends, 2027-01-31T12:00:00Z, in place of --days");
  command.add_option("--days", flags->days, "how long it is valid")
      ->check(CLI::Range(1, 36500))
      ->capture_default_str();
  command.add_flag("--json", flags->as_json, "print JSON");
  SetAction(command, [flags] { return Issue(*flags); });
}

}  // namespace sotto::tools
