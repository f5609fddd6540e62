#include "server/http/http_server.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "base/file.h"
#include "base/status.h"
#include "httplib.h"
#include "server/http/served_path.h"

namespace sotto::server {
namespace {

// A connection holds a thread while it is kept alive.
constexpr std::size_t kThreads = 64;
constexpr int kKeepAliveSeconds = 2;
constexpr std::size_t kMaxRequestBytes = 64 << 10;

// httplib 0.11 announces and asks for the range that the client named, even
// where that ends behind the file. False: no byte of the file is in it.
bool FitRanges(httplib::Ranges& ranges, std::int64_t size) {
  if (ranges.size() != 1) {
    ranges.clear();
    return true;
  }
  auto& [first, last] = ranges.front();
  if (first < 0) {  // the last `last` bytes
    first = std::max<std::int64_t>(0, size - last);
    last = size - 1;
  }
  if (first >= size) return false;
  if (last < 0 || last >= size) last = size - 1;
  return true;
}

void ServeFile(const std::string& path, const httplib::Request& request,
               httplib::Response& response) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const auto size = FileSize(path);
  if (fd < 0 || !size.ok()) {
    if (fd >= 0) ::close(fd);
    response.status = 404;
    return;
  }
  // The request is httplib's own object, handed out as const.
  auto& ranges = const_cast<httplib::Request&>(request).ranges;
  const bool fits = FitRanges(ranges, static_cast<std::int64_t>(*size));
  if (!fits || *size == 0) {
    ::close(fd);
    if (!fits) {
      response.status = 416;
      response.set_header("Content-Range",
                          absl::StrFormat("bytes */%d", *size));
    }
    ranges.clear();
    response.set_content("", "application/octet-stream");
    return;
  }
  response.set_content_provider(
      *size, "application/octet-stream",
      [fd](std::size_t offset, std::size_t length, httplib::DataSink& sink) {
        char buffer[64 << 10];
        const ssize_t got = ::pread(fd, buffer, std::min(length, sizeof buffer),
                                    static_cast<off_t>(offset));
        return got > 0 && sink.write(buffer, static_cast<std::size_t>(got));
      },
      [fd](bool) { ::close(fd); });
}

class HttplibServer final : public HttpServer {
 public:
  HttplibServer(const std::string& certificate, const std::string& key,
                HttpSources sources)
      : server_(certificate.c_str(), key.c_str()),
        sources_(std::move(sources)) {}
  ~HttplibServer() override { Stop(); }

  bool valid() const { return server_.is_valid(); }

  absl::Status Listen(const Address& address) {
    server_.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
    server_.set_keep_alive_timeout(kKeepAliveSeconds);
    server_.set_payload_max_length(kMaxRequestBytes);
    server_.set_tcp_nodelay(true);
    // Not SO_REUSEPORT, httplib's default: two coordinators on one port would
    // each get half of the requests.
    server_.set_socket_options([](socket_t socket) {
      const int on = 1;
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    });
    server_.Get("/healthz",
                [](const httplib::Request&, httplib::Response& response) {
                  response.set_content("ok\n", "text/plain");
                });
    server_.Get("/readyz", [this](const httplib::Request&,
                                  httplib::Response& response) {
      const bool ready = sources_.ready();
      response.status = ready ? 200 : 503;
      response.set_content(ready ? "ready\n" : "starting\n", "text/plain");
    });
    server_.Get("/metrics", [this](const httplib::Request&,
                                   httplib::Response& response) {
      response.set_content(sources_.metrics(), "text/plain; version=0.0.4");
    });
    server_.Get("/.*", [this](const httplib::Request& request,
                              httplib::Response& response) {
      Serve(request, response);
    });
    if (address.port == 0) {
      const int port = server_.bind_to_any_port(address.host);
      if (port > 0) port_ = static_cast<std::uint16_t>(port);
    } else if (server_.bind_to_port(address.host, address.port)) {
      port_ = address.port;
    }
    if (port_ == 0) {
      return absl::UnavailableError(absl::StrFormat(
          "http_listen '%s': cannot listen there; the port is taken or the "
          "address is not of this machine. Choose another, or port 0",
          address.ToString()));
    }
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
    return absl::OkStatus();
  }

  std::uint16_t port() const override { return port_; }

  void Stop() override {
    if (!thread_.joinable()) return;
    server_.stop();
    thread_.join();
  }

 private:
  void Serve(const httplib::Request& request, httplib::Response& response) {
    for (const auto& [prefix, folder] : sources_.folders) {
      if (request.target.rfind(prefix, 0) != 0) continue;
      const auto path = ServedPath(
          folder, std::string_view(request.target).substr(prefix.size()));
      if (path.ok()) return ServeFile(*path, request, response);
      response.status = absl::IsNotFound(path.status()) ? 404 : 400;
      return;
    }
    response.status = 404;
  }

  httplib::SSLServer server_;
  HttpSources sources_;
  std::thread thread_;
  std::uint16_t port_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(
    const Address& address, const std::string& certificate_path,
    const std::string& key_path, HttpSources sources) {
  for (const auto& [key, path] :
       {std::pair{"tls_certificate", certificate_path},
        std::pair{"tls_key", key_path}}) {
    const auto text = ReadTextFile(path, 1 << 20);
    if (!text.ok())
      return Annotate(text.status(), std::string("key '") + key + "'");
  }
  auto server = std::make_unique<HttplibServer>(certificate_path, key_path,
                                                std::move(sources));
  if (!server->valid()) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "tls_certificate '%s' with tls_key '%s': not a PEM certificate and its "
        "private key; issue them again",
        certificate_path, key_path));
  }
  SOTTO_RETURN_IF_ERROR(server->Listen(address));
  return server;
}

}  // namespace sotto::server
