#include "tools/device/commands.h"

#include <cstdio>
#include <functional>
#include <memory>

#include "base/status.h"
#include "sotto/client.h"

namespace sotto::tools {
namespace {

struct Flags {
  std::string storage, population, certificate, config, out;
  std::uint32_t max_rounds = 0;
};

void Finish(const absl::Status& status, int* exit_code) {
  if (status.ok()) return;
  std::fprintf(stderr, "sotto-device: %s\n",
               std::string(status.message()).c_str());
  *exit_code = 1;
}

}  // namespace

void AddDevicePrograms(CLI::App& app, int* exit_code) {
  const auto flags = std::make_shared<Flags>();

  CLI::App* init = app.add_subcommand(
      "init", "make an identity and the request to have it certified");
  init->add_option("--storage", flags->storage, "folder of the device")
      ->required();
  init->add_option("--population", flags->population, "whose devices it joins")
      ->required();
  init->callback([=] {
    Finish(InitDevice(flags->storage, flags->population), exit_code);
  });

  CLI::App* install =
      app.add_subcommand("install-certificate", "keep the issued certificate");
  install->add_option("--storage", flags->storage, "folder of the device")
      ->required();
  install
      ->add_option("--certificate", flags->certificate,
                   "file from `sotto device issue`")
      ->required();
  install->callback([=] {
    Finish(InstallCertificate(flags->storage, flags->certificate), exit_code);
  });

  CLI::App* run = app.add_subcommand(
      "run", "enrol, stay up to date, train; events as JSON lines");
  run->add_option("--config", flags->config, "JSON file, see docs/sdk.md")
      ->required();
  run->add_option("--max-rounds", flags->max_rounds,
                  "end after so many rounds; 0: never");
  run->callback(
      [=] { Finish(RunDevice(flags->config, flags->max_rounds), exit_code); });

  CLI::App* export_model = app.add_subcommand(
      "export-model",
      "write the decrypted model, as someone with root on the device could");
  export_model->add_option("--config", flags->config, "JSON file of the device")
      ->required();
  export_model->add_option("--out", flags->out, ".tflite file to write")
      ->required();
  export_model->callback(
      [=] { Finish(ExportDeviceModel(flags->config, flags->out), exit_code); });
}

}  // namespace sotto::tools
