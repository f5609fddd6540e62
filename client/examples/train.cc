// An app in C++: gets its model, runs it, and lets the device take part in
// rounds of training with the examples of its `data` folder.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "sotto/client.h"

namespace {

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: train_cc CONFIG.json ROUNDS\n");
    return 2;
  }
  auto config = sotto::LoadClientConfig(argv[1]);
  if (!config.ok()) return Fail(config.status());
  const std::string data = config->data;

  sotto::ClientOptions options;
  options.on_event = [](const std::string& name, const std::string& json) {
    std::printf("%s: %s\n", name.c_str(), json.c_str());
  };
  auto client = sotto::Client::Open(*std::move(config), std::move(options));
  if (!client.ok()) return Fail(client.status());

  absl::Status status = client->Enroll();
  if (status.ok()) status = client->Update();
  if (!status.ok()) return Fail(status);

  auto examples = sotto::OpenIdxFolder(data, "train");
  if (!examples.ok()) return Fail(examples.status());
  auto model = client->LoadModel();
  if (!model.ok()) return Fail(model.status());
  std::vector<float> input(model->input_size());
  const int label = (*examples)->Read(0, input);
  auto scores = model->Run(input);
  if (!scores.ok()) return Fail(scores.status());
  std::printf("release %llu gives label %d the score %.3f\n",
              static_cast<unsigned long long>(model->release()), label,
              (*scores)[static_cast<std::size_t>(label)]);

  client->SetExamples(*std::move(examples));
  status = client->Start(static_cast<std::uint32_t>(std::atoi(argv[2])));
  if (!status.ok()) return Fail(status);
  while (client->running()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return 0;
}
