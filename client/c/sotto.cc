#include "client/c/sotto.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "base/status.h"
#include "sotto/client.h"

struct sotto_client {
  sotto::Client client;
};
struct sotto_model {
  sotto::Model model;
};

namespace {

// The one place where statuses leave: cuts the message to fit.
sotto_status Leave(const absl::Status& status, char* message,
                   std::size_t message_size) {
  if (message != nullptr && message_size > 0) {
    const std::size_t size =
        std::min(status.message().size(), message_size - 1);
    std::memcpy(message, status.message().data(), size);
    message[size] = '\0';
  }
  return static_cast<sotto_status>(sotto::ToStatusCode(status.code()));
}

sotto_status Null(const char* what, char* message, std::size_t message_size) {
  return Leave(absl::InvalidArgumentError(std::string(what) + " is NULL"),
               message, message_size);
}

class CallbackExamples final : public sotto::Examples {
 public:
  explicit CallbackExamples(const sotto_examples& functions)
      : functions_(functions) {}
  std::size_t size() const override {
    return functions_.size(functions_.context);
  }
  std::int32_t Read(std::size_t index,
                    std::span<float> features) const override {
    return functions_.read(functions_.context, index, features.data(),
                           features.size());
  }

 private:
  const sotto_examples functions_;
};

bool IsWhole(const sotto_examples* examples) {
  return examples != nullptr && examples->size != nullptr &&
         examples->read != nullptr;
}

}  // namespace

extern "C" {

uint32_t sotto_abi_version(void) noexcept { return SOTTO_ABI_VERSION; }

sotto_status sotto_client_open(const char* config_json,
                               sotto_event_function on_event,
                               void* event_context, sotto_client** client,
                               char* message, size_t message_size) noexcept {
  if (client == nullptr) return Null("client", message, message_size);
  *client = nullptr;
  if (config_json == nullptr) {
    return Null("config_json", message, message_size);
  }
  absl::StatusOr<sotto::ClientConfig> config =
      sotto::ParseClientConfig(config_json);
  if (!config.ok()) return Leave(config.status(), message, message_size);
  sotto::ClientOptions options;
  if (on_event != nullptr) {
    options.on_event = [on_event, event_context](const std::string& name,
                                                 const std::string& json) {
      on_event(event_context, name.c_str(), json.c_str());
    };
  }
  absl::StatusOr<sotto::Client> opened =
      sotto::Client::Open(*std::move(config), std::move(options));
  if (!opened.ok()) return Leave(opened.status(), message, message_size);
  *client = new (std::nothrow) sotto_client{*std::move(opened)};
  return *client != nullptr
             ? Leave(absl::OkStatus(), message, message_size)
             : Leave(absl::ResourceExhaustedError("out of memory"), message,
                     message_size);
}

void sotto_client_release(sotto_client* client) noexcept { delete client; }

sotto_status sotto_client_set_examples(
    sotto_client* client, const sotto_examples* examples) noexcept {
  if (client == nullptr || !IsWhole(examples)) return SOTTO_INVALID_ARGUMENT;
  client->client.SetExamples(std::make_shared<CallbackExamples>(*examples));
  return SOTTO_OK;
}

sotto_status sotto_client_set_evaluation(
    sotto_client* client, const sotto_examples* examples) noexcept {
  if (client == nullptr || !IsWhole(examples)) return SOTTO_INVALID_ARGUMENT;
  client->client.SetEvaluation(std::make_shared<CallbackExamples>(*examples));
  return SOTTO_OK;
}

sotto_status sotto_client_enroll(sotto_client* client, char* message,
                                 size_t message_size) noexcept {
  if (client == nullptr) return Null("client", message, message_size);
  return Leave(client->client.Enroll(), message, message_size);
}

sotto_status sotto_client_update(sotto_client* client, char* message,
                                 size_t message_size) noexcept {
  if (client == nullptr) return Null("client", message, message_size);
  return Leave(client->client.Update(), message, message_size);
}

sotto_status sotto_client_load_model(sotto_client* client, sotto_model** model,
                                     char* message,
                                     size_t message_size) noexcept {
  if (client == nullptr) return Null("client", message, message_size);
  if (model == nullptr) return Null("model", message, message_size);
  *model = nullptr;
  absl::StatusOr<sotto::Model> loaded = client->client.LoadModel();
  if (!loaded.ok()) return Leave(loaded.status(), message, message_size);
  *model = new (std::nothrow) sotto_model{*std::move(loaded)};
  return *model != nullptr
             ? Leave(absl::OkStatus(), message, message_size)
             : Leave(absl::ResourceExhaustedError("out of memory"), message,
                     message_size);
}

sotto_status sotto_client_start(sotto_client* client, uint32_t max_rounds,
                                char* message, size_t message_size) noexcept {
  if (client == nullptr) return Null("client", message, message_size);
  return Leave(client->client.Start(max_rounds), message, message_size);
}

void sotto_client_stop(sotto_client* client) noexcept {
  if (client != nullptr) client->client.Stop();
}

int sotto_client_running(const sotto_client* client) noexcept {
  return client != nullptr && client->client.running() ? 1 : 0;
}

void sotto_model_release(sotto_model* model) noexcept { delete model; }

uint64_t sotto_model_release_counter(const sotto_model* model) noexcept {
  return model == nullptr ? 0 : model->model.release();
}
size_t sotto_model_input_size(const sotto_model* model) noexcept {
  return model == nullptr ? 0 : model->model.input_size();
}
size_t sotto_model_output_size(const sotto_model* model) noexcept {
  return model == nullptr ? 0 : model->model.output_size();
}

sotto_status sotto_model_run(sotto_model* model, const float* input,
                             size_t input_size, float* output,
                             size_t output_size, char* message,
                             size_t message_size) noexcept {
  if (model == nullptr) return Null("model", message, message_size);
  if (input == nullptr) return Null("input", message, message_size);
  if (output == nullptr) return Null("output", message, message_size);
  if (output_size != model->model.output_size()) {
    return Leave(absl::InvalidArgumentError(absl::StrFormat(
                     "output has room for %d values, the model gives %d",
                     output_size, model->model.output_size())),
                 message, message_size);
  }
  const absl::StatusOr<std::vector<float>> result =
      model->model.Run({input, input_size});
  if (!result.ok()) return Leave(result.status(), message, message_size);
  std::copy(result->begin(), result->end(), output);
  return Leave(absl::OkStatus(), message, message_size);
}

}  // extern "C"
