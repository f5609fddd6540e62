// The operator's calls to a coordinator, over TLS, with the admin token.

#ifndef SOTTO_TOOLS_SOTTO_ADMIN_CLIENT_H_
#define SOTTO_TOOLS_SOTTO_ADMIN_CLIENT_H_

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "proto/rpc/admin.pb.h"

namespace sotto::tools {

struct AdminOptions {
  std::string server;      // HOST:PORT
  std::string ca;          // PEM
  std::string token_file;  // as the coordinator wrote it
  bool json = false;
};

// Adds --server, --ca, --admin-token and --json to `command`.
void AddAdminOptions(CLI::App& command, AdminOptions& options);

// Each call returns the server's status, with the server's address in front
// when it cannot be reached (UNAVAILABLE).
class AdminClient {
 public:
  // File errors name the file.
  static absl::StatusOr<AdminClient> Connect(const AdminOptions& options);
  AdminClient(AdminClient&&) noexcept;
  ~AdminClient();

  absl::Status CreateTask(const v1::CreateTaskRequest& request);
  absl::StatusOr<v1::TaskStatus> GetTask(const std::string& task);
  absl::StatusOr<v1::TaskStatus> StopTask(const std::string& task);
  absl::StatusOr<v1::RoundStatus> ExplainRound(const std::string& task,
                                               std::uint64_t round);
  absl::StatusOr<Bytes> ExportCheckpoint(const std::string& task,
                                         std::uint64_t round);
  absl::StatusOr<v1::ListDevicesReply> ListDevices();
  absl::Status RevokeDevice(ByteView device_id, const std::string& reason);
  absl::StatusOr<v1::RolloutStatus> StartRollout(
      const v1::StartRolloutRequest& request);
  absl::StatusOr<v1::RolloutStatus> GetRollout(const std::string& model);
  absl::StatusOr<v1::RolloutStatus> RevertRollout(const std::string& model);
  absl::StatusOr<v1::RolloutStatus> SetRelease(
      const v1::SetReleaseRequest& request);

 private:
  struct Channel;
  explicit AdminClient(std::unique_ptr<Channel> channel);

  std::unique_ptr<Channel> channel_;
};

}  // namespace sotto::tools

#endif  // SOTTO_TOOLS_SOTTO_ADMIN_CLIENT_H_
