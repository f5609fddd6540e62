// How every program of Sotto reads its command line: 0 is `--help`, 2 a wrong
// command line, whose message names the argument and the help to read.

#ifndef SOTTO_TOOLS_COMMAND_LINE_H_
#define SOTTO_TOOLS_COMMAND_LINE_H_

#include <cstdio>
#include <optional>

#include "CLI/CLI.hpp"

namespace sotto::tools {

inline constexpr int kUsageError = 2;

// Parses and runs the callbacks of `app`. The exit code where the program is to
// end now; nothing where it goes on. CLI11 throws; here it ends.
inline std::optional<int> ParseCommandLine(CLI::App& app, int argc,
                                           char** argv) {
  try {
    app.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::RequiredError& error) {
    // "A subcommand is required" hides a flag that nobody knows.
    const auto unknown = app.remaining(/*recurse=*/true);
    if (unknown.empty()) {
      std::fprintf(stderr, "%s: %s; see `%s --help`\n", app.get_name().c_str(),
                   error.what(), app.get_name().c_str());
    } else {
      std::fprintf(stderr, "%s: unknown argument '%s'; see `%s --help`\n",
                   app.get_name().c_str(), unknown.front().c_str(),
                   app.get_name().c_str());
    }
    return kUsageError;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsageError;
  }
}

}  // namespace sotto::tools

#endif  // SOTTO_TOOLS_COMMAND_LINE_H_
