/* A delegate in plain C, as a plug-in: RELU, and ADD of tensors of one shape,
 * in f32. It needs sotto_delegate.h and nothing else of Sotto:
 *
 *   cc -shared -fPIC -I SOTTO -o libexample_delegate.so example_delegate.c
 *
 * What a real one would do on its device is marked by the five functions of the
 * table at the end: say what it supports, compile a part, run it, release it.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/delegates/sotto_delegate.h"

#if defined(__GNUC__)
#define EXPORTED __attribute__((visibility("default")))
#else
#define EXPORTED
#endif

enum { kOk = 0, kAdd = 0, kRelu = 19, kF32 = 0 };

/* Nothing of its own: a real delegate keeps its device here. */
typedef struct Delegate {
  int unused;
} Delegate;

/* What outlives `prepare`. Pointers of the part itself are gone by then; those
 * of constants stay until `release`. */
typedef struct Step {
  int32_t code, activation;
  int32_t a, b, y; /* tensors */
  size_t count;
} Step;

typedef struct Part {
  Step* steps;
  int32_t num_steps, num_tensors, num_inputs, num_outputs;
  int32_t *inputs, *outputs;
  const float** values; /* of each tensor, where it is now */
  float** own;          /* of what stays inside the part, else null */
} Part;

static void Say(SottoDelegateMessage* message, const char* text) {
  snprintf(message->text, sizeof message->text, "%s", text);
}

static size_t CountOf(const SottoDelegateTensor* t) {
  size_t count = 1;
  for (int32_t i = 0; i < t->rank; ++i) count *= (size_t)t->dims[i];
  return count;
}

static int SameShape(const SottoDelegateTensor* a,
                     const SottoDelegateTensor* b) {
  return a->rank == b->rank &&
         memcmp(a->dims, b->dims, sizeof(int32_t) * (size_t)a->rank) == 0;
}

static void* Create(const char* options, SottoDelegateMessage* message) {
  if (options[0] != '\0') {
    Say(message, "takes no options");
    return NULL;
  }
  Delegate* self = calloc(1, sizeof *self);
  if (self == NULL) Say(message, "out of memory");
  return self;
}

static void Destroy(void* self) { free(self); }

static int32_t Supports(void* self, const SottoDelegateTensor* tensors,
                        int32_t num_tensors, const SottoDelegateOp* op,
                        SottoDelegateMessage* message) {
  (void)self;
  (void)num_tensors;
  if (op->code != kAdd && op->code != kRelu) {
    Say(message, "runs only ADD and RELU");
    return 0;
  }
  const SottoDelegateTensor* y = &tensors[op->outputs[0]];
  for (int32_t i = 0; i < op->num_inputs; ++i) {
    const SottoDelegateTensor* x = &tensors[op->inputs[i]];
    if (x->type != kF32 || y->type != kF32) {
      Say(message, "only f32");
      return 0;
    }
    if (!SameShape(x, y)) {
      Say(message, "only operands of one shape");
      return 0;
    }
  }
  if (op->code == kAdd && op->options->activation > 1) {
    Say(message, "no fused activation but RELU");
    return 0;
  }
  return 1;
}

static void Release(void* opaque) {
  Part* part = opaque;
  if (part == NULL) return;
  for (int32_t i = 0; part->own != NULL && i < part->num_tensors; ++i) {
    free(part->own[i]);
  }
  free(part->own);
  free(part->values);
  free(part->inputs);
  free(part->outputs);
  free(part->steps);
  free(part);
}

/* A copy of a list, with room for one more so that none is of size 0. */
static void* Copy(const void* from, size_t bytes) {
  void* to = calloc(bytes + 1, 1);
  if (to != NULL && bytes > 0) memcpy(to, from, bytes);
  return to;
}

static int IsOutput(const SottoDelegatePart* in, int32_t tensor) {
  for (int32_t i = 0; i < in->num_outputs; ++i) {
    if (in->outputs[i] == tensor) return 1;
  }
  return 0;
}

static void* Prepare(void* self, const SottoDelegatePart* in,
                     SottoDelegateMessage* message) {
  (void)self;
  Part* part = calloc(1, sizeof *part);
  if (part == NULL) goto no_memory;
  const size_t num_tensors = (size_t)in->num_tensors;
  part->num_steps = in->num_ops;
  part->num_tensors = in->num_tensors;
  part->num_inputs = in->num_inputs;
  part->num_outputs = in->num_outputs;
  part->steps = calloc((size_t)in->num_ops + 1, sizeof *part->steps);
  part->values = calloc(num_tensors + 1, sizeof *part->values);
  part->own = calloc(num_tensors + 1, sizeof *part->own);
  part->inputs = Copy(in->inputs, sizeof(int32_t) * (size_t)in->num_inputs);
  part->outputs = Copy(in->outputs, sizeof(int32_t) * (size_t)in->num_outputs);
  if (part->steps == NULL || part->values == NULL || part->own == NULL ||
      part->inputs == NULL || part->outputs == NULL) {
    goto no_memory;
  }
  for (int32_t i = 0; i < in->num_tensors; ++i) {
    part->values[i] = in->tensors[i].data;
  }
  for (int32_t i = 0; i < in->num_ops; ++i) {
    const SottoDelegateOp* op = &in->ops[i];
    Step* step = &part->steps[i];
    step->code = op->code;
    step->activation = op->options->activation;
    step->a = op->inputs[0];
    step->b = op->inputs[op->num_inputs - 1];
    step->y = op->outputs[0];
    step->count = CountOf(&in->tensors[step->y]);
    if (IsOutput(in, step->y)) continue;
    part->own[step->y] = malloc(sizeof(float) * step->count + 1);
    if (part->own[step->y] == NULL) goto no_memory;
  }
  return part;

no_memory:
  Say(message, "out of memory");
  Release(part);
  return NULL;
}

static int32_t Invoke(void* opaque, const void* const* inputs,
                      void* const* outputs, SottoDelegateMessage* message) {
  (void)message;
  Part* part = opaque;
  for (int32_t i = 0; i < part->num_inputs; ++i) {
    part->values[part->inputs[i]] = inputs[i];
  }
  for (int32_t s = 0; s < part->num_steps; ++s) {
    const Step* step = &part->steps[s];
    float* y = part->own[step->y];
    for (int32_t i = 0; i < part->num_outputs; ++i) {
      if (part->outputs[i] == step->y) y = outputs[i];
    }
    part->values[step->y] = y;
    const float* a = part->values[step->a];
    const float* b = part->values[step->b];
    const int relu = step->code == kRelu || step->activation == 1;
    for (size_t i = 0; i < step->count; ++i) {
      const float v = step->code == kAdd ? a[i] + b[i] : a[i];
      y[i] = relu && v < 0 ? 0 : v;
    }
  }
  return kOk;
}

static const SottoDelegate kDelegate = {
    .abi_version = SOTTO_DELEGATE_ABI_VERSION,
    .struct_size = sizeof(SottoDelegate),
    .name = "example",
    .create = Create,
    .destroy = Destroy,
    .supports = Supports,
    .cost = NULL, /* unknown: taken wherever it is supported */
    .prepare = Prepare,
    .invoke = Invoke,
    .release = Release,
};

EXPORTED const SottoDelegate* sotto_delegate_v1(void) { return &kDelegate; }
