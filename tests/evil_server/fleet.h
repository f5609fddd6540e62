// Real devices for an evil server to lie to: each has an identity, its database
// (kept across restarts) and runs client::RoundSession with it.

#ifndef SOTTO_TESTS_EVIL_SERVER_FLEET_H_
#define SOTTO_TESTS_EVIL_SERVER_FLEET_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/agent/round_session.h"
#include "client/storage/sqlite_decision_log.h"
#include "crypto/certificate.h"

namespace sotto::evil {

// A certified key; the evil server has some of its own.
struct Member {
  crypto::SigningKey key;
  Bytes certificate;
  crypto::DeviceId id = {};
};
Member Certify(const crypto::SigningKey& issuer);

class Device {
 public:
  // `path` of the database: ":memory:", or a file that restarts find again.
  Device(const crypto::SigningKey& issuer, const std::string& path);

  // What is left of the device when its process dies and starts anew.
  void Restart();
  absl::StatusOr<v1::RoundOutcome> Run(const v1::Assignment& assignment,
                                       const v1::Plan& plan,
                                       const ClientConfig& config,
                                       const crypto::PublicKey& issuer,
                                       const crypto::PublicKey& coordinator,
                                       client::RoundSession::Send send);

  const crypto::DeviceId& id() const { return identity_.certificate.device_id; }
  const client::Identity& identity() const { return identity_; }
  client::ClientDatabase& database() { return *database_; }
  // What training gave.
  client::LocalResult& result() { return result_; }
  // Where random bytes come from; the system's unless set. Borrowed.
  void set_rng(crypto::Rng& rng) { rng_ = &rng; }
  // Everything that the SDK told the app, one JSON object a line.
  const std::string& told() const { return told_; }

 private:
  const client::Identity identity_;
  const std::string path_;
  std::optional<client::ClientDatabase> database_;
  std::string told_;
  const client::Events events_;
  client::LocalResult result_;
  crypto::Rng* rng_;
};

// Devices of one population, with what they pin and the plan they follow.
class Fleet {
 public:
  struct Options {
    std::uint32_t devices = 4;
    std::uint32_t num_weights = 40;
    std::uint32_t min_cohort = 3;  // the devices' floor
    double corrupted_fraction = 0.1;
    double scale = 1000;
    std::uint32_t bits = 32;
    bool on_disk = false;
  };
  explicit Fleet(const Options& options);

  const Options& options() const { return options_; }
  const crypto::SigningKey& issuer() const { return issuer_; }
  const crypto::SigningKey& coordinator() const { return coordinator_; }
  const v1::Plan& plan() const { return plan_; }
  const ClientConfig& config() const { return config_; }
  std::uint32_t size() const { return options_.devices; }
  Device& device(std::uint32_t i) { return *devices_[i]; }
  // What each device adds to the sum.
  std::vector<std::uint32_t> EncodedUpdate(std::uint32_t i);

 private:
  const Options options_;
  const crypto::SigningKey issuer_, coordinator_;
  ClientConfig config_;
  v1::Plan plan_;
  std::vector<std::unique_ptr<Device>> devices_;
};

}  // namespace sotto::evil

#endif  // SOTTO_TESTS_EVIL_SERVER_FLEET_H_
