/* The C ABI, used from C11: what it refuses, and how it says so. */

#include <stdio.h>
#include <string.h>

#include "client/c/sotto.h"

static int failures = 0;

#define EXPECT(condition)                                             \
  do {                                                                \
    if (!(condition)) {                                               \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      ++failures;                                                     \
    }                                                                 \
  } while (0)

static size_t NoExamples(void* context) {
  (void)context;
  return 0;
}

int main(void) {
  char message[64] = "untouched";
  sotto_client* client = (sotto_client*)message; /* must become NULL */
  sotto_examples half = {NULL, NoExamples, NULL};

  EXPECT(sotto_abi_version() == SOTTO_ABI_VERSION);
  EXPECT(sotto_client_open("{", NULL, NULL, &client, message, sizeof message) ==
         SOTTO_INVALID_ARGUMENT);
  EXPECT(client == NULL);
  EXPECT(strstr(message, "not a JSON object") != NULL);

  /* A message that does not fit is cut and still terminated. */
  memset(message, 'x', sizeof message);
  EXPECT(sotto_client_open("{\"colour\": 1}", NULL, NULL, &client, message,
                           8) == SOTTO_INVALID_ARGUMENT);
  EXPECT(strlen(message) == 7);
  EXPECT(message[8] == 'x');

  /* No buffer, no message. */
  EXPECT(sotto_client_open("{", NULL, NULL, &client, NULL, 0) ==
         SOTTO_INVALID_ARGUMENT);

  EXPECT(sotto_client_open(NULL, NULL, NULL, &client, message,
                           sizeof message) == SOTTO_INVALID_ARGUMENT);
  EXPECT(strcmp(message, "config_json is NULL") == 0);
  EXPECT(sotto_client_open("{}", NULL, NULL, NULL, message, sizeof message) ==
         SOTTO_INVALID_ARGUMENT);
  EXPECT(sotto_client_enroll(NULL, message, sizeof message) ==
         SOTTO_INVALID_ARGUMENT);
  EXPECT(sotto_client_set_examples(NULL, &half) == SOTTO_INVALID_ARGUMENT);
  EXPECT(sotto_model_run(NULL, NULL, 0, NULL, 0, message, sizeof message) ==
         SOTTO_INVALID_ARGUMENT);
  EXPECT(sotto_model_input_size(NULL) == 0);
  EXPECT(sotto_client_running(NULL) == 0);
  sotto_client_stop(NULL);
  sotto_client_release(NULL);
  sotto_model_release(NULL);

  if (failures == 0) printf("the C ABI holds\n");
  return failures == 0 ? 0 : 1;
}
