/* An app in C: gets its model, runs it, and lets the device take part in rounds
 * of training with 16 examples of its own. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sotto/sotto.h"

static char message[256];
static int Fail(const char* what, sotto_status status) {
  fprintf(stderr, "%s: %s (status %d)\n", what, message, status);
  return 1;
}

static size_t NumExamples(void* context) {
  (void)context;
  return 16;
}

/* Even examples are dark and labelled 0, odd ones are bright and labelled 1. */
static int32_t ReadExample(void* context, size_t index, float* features,
                           size_t num_features) {
  (void)context;
  for (size_t i = 0; i < num_features; ++i) features[i] = index % 2 ? 1 : 0;
  return (int32_t)(index % 2);
}

int main(int argc, char** argv) {
  sotto_client* client = NULL;
  sotto_model* model = NULL;
  const sotto_examples examples = {NULL, NumExamples, ReadExample};
  if (argc != 3) return puts("usage: train_c CONFIG_JSON ROUNDS"), 2;
  sotto_status status =
      sotto_client_open(argv[1], NULL, NULL, &client, message, sizeof message);
  if (status != SOTTO_OK) return Fail("open", status);
  status = sotto_client_enroll(client, message, sizeof message);
  if (status == SOTTO_OK)
    status = sotto_client_update(client, message, sizeof message);
  if (status == SOTTO_OK)
    status = sotto_client_load_model(client, &model, message, sizeof message);
  if (status != SOTTO_OK) return Fail("get the model", status);

  const size_t in = sotto_model_input_size(model);
  const size_t out = sotto_model_output_size(model);
  float* values = calloc(in + out, sizeof *values);
  status = sotto_model_run(model, values, in, values + in, out, message,
                           sizeof message);
  if (status != SOTTO_OK) return Fail("run", status);
  printf("a blank input scores %.3f for label 0\n", values[in]);

  sotto_client_set_examples(client, &examples);
  status = sotto_client_start(client, (uint32_t)atoi(argv[2]), message,
                              sizeof message);
  if (status != SOTTO_OK) return Fail("start", status);
  while (sotto_client_running(client)) sleep(1);
  free(values);
  sotto_model_release(model);
  sotto_client_release(client);
}
