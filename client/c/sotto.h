/* The C ABI of the Sotto SDK: what other languages bind to.
 *
 * Every function returns a status code whose numbers are gRPC's; SOTTO_OK is 0.
 * Nothing throws across this border. On failure the message, cut to fit and
 * always terminated, lies in the caller's `message` buffer of `message_size`
 * bytes; pass NULL and 0 to ignore it. Texts are UTF-8 and terminated; pointers
 * are borrowed for the call unless said otherwise. Handles are made and
 * released by the functions here; releasing NULL does nothing. A NULL argument
 * where a value is needed is SOTTO_INVALID_ARGUMENT.
 *
 * Thread rules and the meaning of each status: include/sotto/client.h.
 */

#ifndef SOTTO_C_SOTTO_H_
#define SOTTO_C_SOTTO_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define SOTTO_NOEXCEPT noexcept
extern "C" {
#else
#define SOTTO_NOEXCEPT
#endif

#define SOTTO_ABI_VERSION 1u

typedef uint8_t sotto_status;
enum {
  SOTTO_OK = 0,
  SOTTO_CANCELLED = 1,
  SOTTO_UNKNOWN = 2,
  SOTTO_INVALID_ARGUMENT = 3,
  SOTTO_DEADLINE_EXCEEDED = 4,
  SOTTO_NOT_FOUND = 5,
  SOTTO_ALREADY_EXISTS = 6,
  SOTTO_PERMISSION_DENIED = 7,
  SOTTO_RESOURCE_EXHAUSTED = 8,
  SOTTO_FAILED_PRECONDITION = 9,
  SOTTO_ABORTED = 10,
  SOTTO_OUT_OF_RANGE = 11,
  SOTTO_UNIMPLEMENTED = 12,
  SOTTO_INTERNAL = 13,
  SOTTO_UNAVAILABLE = 14,
  SOTTO_DATA_LOSS = 15,
  SOTTO_UNAUTHENTICATED = 16
};

typedef struct sotto_client sotto_client;
typedef struct sotto_model sotto_model;

/* SOTTO_ABI_VERSION of the library that is linked. */
uint32_t sotto_abi_version(void) SOTTO_NOEXCEPT;

/* Called in an SDK thread; both texts live for the call. */
typedef void (*sotto_event_function)(void* context, const char* name,
                                     const char* json);

/* Labelled examples of the app. `read` writes `num_features` floats and returns
 * the label, negative when the example cannot be read. `context` must outlive
 * the client. */
typedef struct sotto_examples {
  void* context;
  size_t (*size)(void* context);
  int32_t (*read)(void* context, size_t index, float* features,
                  size_t num_features);
} sotto_examples;

/* `config_json`: the keys of sotto/config.h. `on_event` may be NULL. */
sotto_status sotto_client_open(const char* config_json,
                               sotto_event_function on_event,
                               void* event_context, sotto_client** client,
                               char* message,
                               size_t message_size) SOTTO_NOEXCEPT;
/* Stops the client first. */
void sotto_client_release(sotto_client* client) SOTTO_NOEXCEPT;

/* Before sotto_client_start. The struct is copied. */
sotto_status sotto_client_set_examples(
    sotto_client* client, const sotto_examples* examples) SOTTO_NOEXCEPT;
sotto_status sotto_client_set_evaluation(
    sotto_client* client, const sotto_examples* examples) SOTTO_NOEXCEPT;

sotto_status sotto_client_enroll(sotto_client* client, char* message,
                                 size_t message_size) SOTTO_NOEXCEPT;
sotto_status sotto_client_update(sotto_client* client, char* message,
                                 size_t message_size) SOTTO_NOEXCEPT;
sotto_status sotto_client_load_model(sotto_client* client, sotto_model** model,
                                     char* message,
                                     size_t message_size) SOTTO_NOEXCEPT;

/* Works in a thread of the SDK until stopped, or until `max_rounds` (0: no
 * limit) are done. */
sotto_status sotto_client_start(sotto_client* client, uint32_t max_rounds,
                                char* message,
                                size_t message_size) SOTTO_NOEXCEPT;
void sotto_client_stop(sotto_client* client) SOTTO_NOEXCEPT;
/* 1 while the SDK's thread works, else 0. */
int sotto_client_running(const sotto_client* client) SOTTO_NOEXCEPT;

void sotto_model_release(sotto_model* model) SOTTO_NOEXCEPT;
/* 0 for NULL. */
uint64_t sotto_model_release_counter(const sotto_model* model) SOTTO_NOEXCEPT;
size_t sotto_model_input_size(const sotto_model* model) SOTTO_NOEXCEPT;
size_t sotto_model_output_size(const sotto_model* model) SOTTO_NOEXCEPT;
/* Runs one example: `input_size` and `output_size` are elements and must be the
 * model's. */
sotto_status sotto_model_run(sotto_model* model, const float* input,
                             size_t input_size, float* output,
                             size_t output_size, char* message,
                             size_t message_size) SOTTO_NOEXCEPT;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* SOTTO_C_SOTTO_H_ */
