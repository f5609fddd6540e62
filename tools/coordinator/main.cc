// sotto-coordinator: rounds, rollouts, grants and the model store over gRPC and
// HTTPS. One configuration file; SIGTERM stops it cleanly; killed at any
// instruction it goes on where it was.

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "base/file.h"
#include "base/log.h"
#include "base/status.h"
#include "server/coordinator.h"
#include "server/http/http_server.h"
#include "server/rpc/rpc_server.h"
#include "tools/command_line.h"

namespace sotto {
namespace {

constexpr std::chrono::milliseconds kTick{25};

volatile std::sig_atomic_t stop_signal = 0;

void OnSignal(int number) { stop_signal = number; }

server::HttpSources SourcesOf(const server::Config& config,
                              server::Coordinator& coordinator) {
  const std::string& store = config.model_store;
  return {.folders = {{"/models/metadata/", store + "/models/metadata"},
                      {"/models/targets/", store + "/models/targets"},
                      {"/director/metadata/", store + "/director/metadata"},
                      {"/director/targets/", store + "/director/targets"},
                      {"/blobs/", config.blobs_folder}},
          .ready = [] { return true; },
          .metrics = [&coordinator] { return coordinator.Metrics(); }};
}

absl::Status Serve(const std::string& config_path,
                   const std::string& ready_file) {
  SOTTO_ASSIGN_OR_RETURN(const server::Config config,
                         server::LoadConfig(config_path));
  SOTTO_ASSIGN_OR_RETURN(const LogLevel level, ParseLogLevel(config.log_level));
  SetLogLevel(level);
  SOTTO_ASSIGN_OR_RETURN(
      const auto coordinator,
      server::Coordinator::Create(config, SystemClock(), crypto::SystemRng()));
  SOTTO_ASSIGN_OR_RETURN(const auto http,
                         server::HttpServer::Start(
                             config.http_listen, config.tls_certificate,
                             config.tls_key, SourcesOf(config, *coordinator)));
  coordinator->SetHttpUrl(config.http_url.empty()
                              ? "https://" + config.http_listen.host + ":" +
                                    std::to_string(http->port())
                              : config.http_url);
  SOTTO_ASSIGN_OR_RETURN(
      const auto rpc,
      server::RpcServer::Start(config.listen, config.tls_certificate,
                               config.tls_key, *coordinator));
  LogInfo("coordinator", "ready grpc=%d http=%d", rpc->port(), http->port());
  if (!ready_file.empty()) {
    const nlohmann::json ready = {{"grpc_port", rpc->port()},
                                  {"http_port", http->port()},
                                  {"pid", ::getpid()}};
    SOTTO_RETURN_IF_ERROR(WriteFileAtomically(ready_file, ready.dump() + "\n"));
  }
  while (stop_signal == 0) {
    coordinator->Tick();
    SystemClock().SleepFor(kTick);
  }
  LogInfo("coordinator", "stopping on signal %d",
          static_cast<int>(stop_signal));
  coordinator->Stop();
  rpc->Stop();
  http->Stop();
  return absl::OkStatus();
}

}  // namespace
}  // namespace sotto

int main(int argc, char** argv) {
  CLI::App app("Sotto's coordinator");
  app.name("sotto-coordinator");
  std::string config, ready_file;
  app.add_option("--config", config, "configuration file, JSON")->required();
  app.add_option("--ready-file", ready_file,
                 "written once it listens: {grpc_port, http_port, pid}");
  if (const auto code = sotto::tools::ParseCommandLine(app, argc, argv)) {
    return *code;
  }
  std::signal(SIGTERM, sotto::OnSignal);
  std::signal(SIGINT, sotto::OnSignal);
  std::signal(SIGPIPE, SIG_IGN);
  const absl::Status status = sotto::Serve(config, ready_file);
  if (status.ok()) return 0;
  std::fprintf(stderr, "sotto-coordinator: %s\n", status.ToString().c_str());
  return 1;
}
