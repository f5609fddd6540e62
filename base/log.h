// Structured, quiet logging to standard error: one line an event,
//   2026-01-31T12:00:00.000Z info  rounds: committed round=3 included=21
// Never user data, inputs, keys or vectors. "error" means a bug of ours.
// Thread-safe.

#ifndef SOTTO_BASE_LOG_H_
#define SOTTO_BASE_LOG_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"

namespace sotto {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError, kOff };

void SetLogLevel(LogLevel level);
// "debug", "info", "warning", "error" or "off".
absl::StatusOr<LogLevel> ParseLogLevel(std::string_view name);

void Log(LogLevel level, std::string_view component, const std::string& text);

template <typename... Args>
void LogInfo(std::string_view component,
             const absl::FormatSpec<Args...>& format, const Args&... args) {
  Log(LogLevel::kInfo, component, absl::StrFormat(format, args...));
}
template <typename... Args>
void LogWarning(std::string_view component,
                const absl::FormatSpec<Args...>& format, const Args&... args) {
  Log(LogLevel::kWarning, component, absl::StrFormat(format, args...));
}
template <typename... Args>
void LogError(std::string_view component,
              const absl::FormatSpec<Args...>& format, const Args&... args) {
  Log(LogLevel::kError, component, absl::StrFormat(format, args...));
}
template <typename... Args>
void LogDebug(std::string_view component,
              const absl::FormatSpec<Args...>& format, const Args&... args) {
  Log(LogLevel::kDebug, component, absl::StrFormat(format, args...));
}

}  // namespace sotto

#endif  // SOTTO_BASE_LOG_H_
