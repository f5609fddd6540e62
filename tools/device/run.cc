#include <csignal>
#include <cstdio>
#include <ctime>
#include <memory>
#include <mutex>
#include <utility>

#include "base/log.h"
#include "base/status.h"
#include "sotto/client.h"
#include "tools/device/commands.h"

namespace sotto::tools {
namespace {

// Lines of several threads do not mix.
void PrintLine(const std::string& json) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  std::fwrite(json.data(), 1, json.size(), stdout);
  std::fputc('\n', stdout);
  std::fflush(stdout);
}

absl::Status SetData(const std::string& folder, Client& client) {
  if (folder.empty()) return absl::OkStatus();
  SOTTO_ASSIGN_OR_RETURN(std::shared_ptr<const Examples> train,
                         OpenIdxFolder(folder, "train"));
  client.SetExamples(std::move(train));
  absl::StatusOr<std::unique_ptr<Examples>> test =
      OpenIdxFolder(folder, "test");
  if (test.ok()) {
    client.SetEvaluation(std::shared_ptr<const Examples>(*std::move(test)));
  } else if (!absl::IsNotFound(test.status())) {
    return test.status();
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status RunDevice(const std::string& config_file,
                       std::uint32_t max_rounds) {
  // Blocked before any thread starts, so that only sigtimedwait gets them.
  sigset_t stop_signals;
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGTERM);
  sigaddset(&stop_signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);
  // A reader that went away is no reason to die.
  std::signal(SIGPIPE, SIG_IGN);

  SOTTO_ASSIGN_OR_RETURN(ClientConfig config, LoadClientConfig(config_file));
  const std::string data = config.data;
  absl::StatusOr<Client> client = Client::Open(
      std::move(config),
      {.on_event = [](const std::string&,
                      const std::string& json) { PrintLine(json); },
       .conditions = nullptr});
  if (!client.ok()) return client.status();
  SOTTO_RETURN_IF_ERROR(SetData(data, *client));
  SOTTO_RETURN_IF_ERROR(client->Start(max_rounds));
  while (client->running()) {
    const timespec interval = {.tv_sec = 0, .tv_nsec = 200'000'000};
    if (sigtimedwait(&stop_signals, nullptr, &interval) > 0) break;
  }
  client->Stop();
  return absl::OkStatus();
}

}  // namespace sotto::tools
