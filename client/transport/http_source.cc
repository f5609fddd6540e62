#include "client/transport/http_source.h"

#include <curl/curl.h>

#include <atomic>
#include <mutex>
#include <utility>

#include "base/status.h"

namespace sotto::client {
namespace {

constexpr long kHttpConnectTimeoutMs = 10'000;
constexpr long kMinBytesPerSecond = 512;
constexpr long kSlowForSeconds = 20;

struct CurlCloser {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};
using Curl = std::unique_ptr<CURL, CurlCloser>;

struct Transfer {
  CURL* curl;
  const ByteSink* sink;
  std::uint64_t skip;  // bytes before the offset, when Range was ignored
  std::uint64_t left;  // that the caller wants
  const std::atomic<bool>* cancelled;
  absl::Status status;  // of the sink
  bool satisfied = false;
};

std::size_t OnBody(char* data, std::size_t size, std::size_t count,
                   void* context) {
  auto* transfer = static_cast<Transfer*>(context);
  ByteView piece(reinterpret_cast<const std::uint8_t*>(data), size * count);
  const std::size_t whole = piece.size();
  long code = 0;
  curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &code);
  if (code != 200 && code != 206) return whole;  // an error page
  const std::uint64_t offset = code == 200 ? transfer->skip : 0;
  if (offset > 0) {
    const auto skipped = std::min<std::uint64_t>(offset, piece.size());
    transfer->skip -= skipped;
    piece = piece.subspan(skipped);
  }
  if (piece.size() >= transfer->left) {
    piece = piece.first(transfer->left);
    transfer->satisfied = true;
  }
  transfer->left -= piece.size();
  if (!piece.empty()) transfer->status = (*transfer->sink)(piece);
  if (!transfer->status.ok()) return 0;
  // Ends a body that is longer than was asked for.
  return transfer->satisfied && code == 200 ? 0 : whole;
}

int OnProgress(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Transfer*>(context)->cancelled->load() ? 1 : 0;
}

absl::Status ToStatus(CURLcode code, long http, const std::string& url) {
  switch (code) {
    case CURLE_OK:
      break;
    case CURLE_ABORTED_BY_CALLBACK:
      return absl::CancelledError("the client is stopping");
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return absl::PermissionDeniedError(absl::StrFormat(
          "%s: the server's certificate is not of the pinned authority: %s; "
          "check the 'ca' file",
          url, std::string(curl_easy_strerror(code))));
    default:
      return absl::UnavailableError(absl::StrFormat(
          "%s: %s", url, std::string(curl_easy_strerror(code))));
  }
  if (http == 200 || http == 206) return absl::OkStatus();
  const std::string message = absl::StrFormat("%s: HTTP %d", url, http);
  if (http == 404 || http == 410) return absl::NotFoundError(message);
  if (http == 416) return absl::OutOfRangeError(message);
  if (http == 401 || http == 403) return absl::PermissionDeniedError(message);
  return absl::UnavailableError(message);
}

class HttpSource final : public BlobSource {
 public:
  HttpSource(Curl curl, std::string ca_file)
      : curl_(std::move(curl)), ca_file_(std::move(ca_file)) {}

  void SetBase(const std::string& url) override {
    base_ = url;
    while (!base_.empty() && base_.back() == '/') base_.pop_back();
  }

  absl::Status Get(const std::string& path, std::uint64_t offset,
                   std::uint64_t max_bytes, const ByteSink& sink) override {
    if (base_.rfind("https://", 0) != 0) {
      return absl::FailedPreconditionError(
          base_.empty()
              ? "the address of the files is not known yet; enrol "
                "first"
              : absl::StrFormat("'%s' is not an https address", base_));
    }
    if (cancelled_.load())
      return absl::CancelledError("the client is stopping");
    if (max_bytes == 0) return absl::OkStatus();
    const std::string url = base_ + (path.rfind('/', 0) == 0 ? "" : "/") + path;
    const std::string range =
        absl::StrFormat("%d-%d", offset, offset + max_bytes - 1);
    CURL* curl = curl_.get();
    Transfer transfer{.curl = curl,
                      .sink = &sink,
                      .skip = offset,
                      .left = max_bytes,
                      .cancelled = &cancelled_,
                      .status = absl::OkStatus()};
    curl_easy_reset(curl);  // keeps connections and the TLS session
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file_.c_str());
    curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, kHttpConnectTimeoutMs);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, kMinBytesPerSecond);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, kSlowForSeconds);
    curl_easy_setopt(curl, CURLOPT_RANGE, range.c_str());
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, OnBody);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, OnProgress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);
    const CURLcode code = curl_easy_perform(curl);
    if (!transfer.status.ok()) return transfer.status;
    if (code == CURLE_WRITE_ERROR && transfer.satisfied) {
      return absl::OkStatus();
    }
    long http = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &http);
    return ToStatus(code, http, url);
  }

  void CancelTransfers() override { cancelled_.store(true); }
  void ResumeTransfers() override { cancelled_.store(false); }

 private:
  const Curl curl_;
  const std::string ca_file_;
  std::string base_;
  std::atomic<bool> cancelled_{false};
};

}  // namespace

absl::StatusOr<std::unique_ptr<BlobSource>> MakeHttpSource(
    const std::string& ca_file) {
  static std::once_flag once;
  static CURLcode global = CURLE_OK;
  std::call_once(once, [] { global = curl_global_init(CURL_GLOBAL_DEFAULT); });
  Curl curl(global == CURLE_OK ? curl_easy_init() : nullptr);
  if (curl == nullptr) {
    return absl::ResourceExhaustedError("libcurl cannot be set up");
  }
  std::unique_ptr<BlobSource> source =
      std::make_unique<HttpSource>(std::move(curl), ca_file);
  return source;
}

}  // namespace sotto::client
