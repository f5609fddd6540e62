// `sotto-watermark`: is this model ours, and whose copy is it?

#include "tools/command_line.h"
#include "tools/watermark/command.h"

namespace {

constexpr char kFooter[] = R"(
The order of work:
  keygen      once: the owner's secret key. Keep it offline; it is the proof.
              Its passphrase is asked for, or read from the file that
              $SOTTO_PASSPHRASE_FILE names.
  register    commit to key and unmarked model; the registry answers a nonce.
  embed       put the mark that key and nonce determine into the model.
  verify      a suspect and the registered, unmarked model: OWNED or NOT SHOWN,
              with the probability that a random key would do as well.
  trace       a suspect and the release before it was fingerprinted: who got
              this copy. `package` makes one copy; `sotto store publish
              --fingerprint-key` makes, seals and signs one for each device.
  attack      what a thief would try, to see what the marks survive.

Exit codes: 0 done, mark shown, somebody named; 1 not shown, nobody named;
2 wrong command line, or it could not be done or judged (and why).)";

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Sotto: marks of ownership in models");
  app.name("sotto-watermark");
  app.require_subcommand(1);
  app.footer(kFooter);
  sotto::tools::AddKeyCommands(app);
  sotto::tools::AddDetectCommands(app);
  sotto::tools::AddAttackCommands(app);
  if (const auto code = sotto::tools::ParseCommandLine(app, argc, argv)) {
    return *code;
  }
  return static_cast<int>(sotto::tools::Outcome());
}
