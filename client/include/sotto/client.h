// The device side of Sotto, for apps. One Client a process and storage folder.
//
//   Client::Open (SetExamples | SetEvaluation)* Start ... Stop
//   Client::Open Enroll Update LoadModel                 by hand, without Start
//
// Open and the setters return at once. Start works in a thread of the SDK:
// enrols, keeps the model current, evaluates it, takes part in training rounds
// when the device's conditions allow, until Stop. The other calls work in the
// caller's thread and may take as long as the network does.
//
// The SDK never ends the process and never throws. A process that is killed at
// any instruction restarts where it can: half a download is resumed, half a
// round is given up, and no round ever gets two contributions.
//
// Thread-safe, except that the setters precede Start. Enroll and Update return
// FAILED_PRECONDITION while the SDK's own thread does their work.

#ifndef SOTTO_CLIENT_H_
#define SOTTO_CLIENT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sotto/conditions.h"
#include "sotto/config.h"
#include "sotto/examples.h"
#include "sotto/model.h"

namespace sotto {

// What happened, for logs and tests: `json` is one object on one line that has
// "event": name. Names and fields: docs/sdk.md. Called in the thread that did
// it; the call must not call the Client.
using EventSink =
    std::function<void(const std::string& name, const std::string& json)>;

struct ClientOptions {
  EventSink on_event;                            // empty: none
  std::shared_ptr<DeviceConditions> conditions;  // empty: LinuxConditions
};

class Client {
 public:
  // Opens or creates the storage. INVALID_ARGUMENT: a key or a root file of the
  // configuration is malformed. NOT_FOUND: the storage holds no identity or no
  // certificate yet (`sotto-device init`, `install-certificate`).
  // UNAUTHENTICATED: the certificate is expired or of another issuer.
  // FAILED_PRECONDITION: another process uses the storage. DATA_LOSS: damaged.
  static absl::StatusOr<Client> Open(ClientConfig config,
                                     ClientOptions options = {});
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();  // Stop

  // 32 lower-case hex digits.
  std::string device_id() const;

  // Examples to train on, and examples that are never trained on to measure
  // the installed model with. Without the former the device joins no round.
  void SetExamples(std::shared_ptr<const Examples> examples);
  void SetEvaluation(std::shared_ptr<const Examples> examples);

  // Gets a session token. UNAUTHENTICATED: the coordinator refuses the
  // certificate. PERMISSION_DENIED: the device is revoked. UNAVAILABLE: try
  // again later. Idempotent.
  absl::Status Enroll();

  // Refreshes the signed metadata, computes this device's arm and installs the
  // release that it names; resumes a download. OK when nothing is new.
  // PERMISSION_DENIED: a signature or a local policy refuses; the installed
  // model stays. DATA_LOSS: downloaded bytes do not match their signed hash;
  // nothing was installed. UNAVAILABLE: try again later. FAILED_PRECONDITION:
  // metadata expired, no newer is to be had, and inference goes on. NOT_FOUND:
  // no release for this device yet.
  absl::Status Update();

  // Decrypts the installed release. Works offline while the stored grant is
  // valid. NOT_FOUND: none is installed; call Update. PERMISSION_DENIED: the
  // grant is refused or expired. DATA_LOSS: the installed file is damaged;
  // Update fetches it again.
  absl::StatusOr<Model> LoadModel();

  // FAILED_PRECONDITION: started already. `max_rounds` 0: until Stop.
  absl::Status Start(std::uint32_t max_rounds = 0);
  // Cancels training within 100 ms, leaves the round and joins the thread.
  void Stop();
  // False before Start, after Stop, and when `max_rounds` are done.
  bool running() const;

 private:
  class Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Makes the identity of a new device: keys (mode 0600) and the file `request`,
// which the issuer certifies. ALREADY_EXISTS: the storage has one.
absl::Status InitDevice(const std::string& storage,
                        const std::string& population);

// Checks that the certificate is for the storage's identity and keeps it.
// INVALID_ARGUMENT: malformed. PERMISSION_DENIED: for another device.
absl::Status InstallCertificate(const std::string& storage,
                                const std::string& certificate_file);

}  // namespace sotto

#endif  // SOTTO_CLIENT_H_
