/* The delegate ABI: how a library runs parts of a graph in Sotto's place.
 *
 *   sotto_delegate_v1() -> create -> (supports)* -> (cost) -> prepare ->
 *   invoke* -> release -> destroy
 *
 * A plug-in is a shared object that exports `sotto_delegate_v1`. Everything is
 * plain C. Pointers that Sotto passes are valid during the call, except those
 * named otherwise. A delegate never throws, never exits, and keeps no thread
 * busy after `invoke` returns. Calls on one delegate come from one thread at a
 * time; parts of one delegate may be prepared and released while others exist.
 *
 * Compatibility: fields are only ever appended, and each struct that may grow
 * begins with its size. A plug-in with another major version is refused.
 */

#ifndef SOTTO_RUNTIME_DELEGATES_SOTTO_DELEGATE_H_
#define SOTTO_RUNTIME_DELEGATES_SOTTO_DELEGATE_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SOTTO_DELEGATE_ABI_VERSION 1
#define SOTTO_DELEGATE_MAX_RANK 6

/* Types are the numbers of the .tflite format: 0 f32, 1 f16, 2 int32, 3 uint8,
 * 4 int64, 6 bool, 7 int16, 9 int8. */
typedef struct SottoDelegateTensor {
  int32_t type;
  int32_t rank;
  int32_t dims[SOTTO_DELEGATE_MAX_RANK];
  /* Of a constant; null for others. Valid until `release`. */
  const void* data;
  /* real = scales[c] * (stored - zero_point), c along `quantized_dimension`
   * when there are several scales. Valid until `release`. */
  const float* scales;
  int32_t num_scales;
  int32_t zero_point;
  int32_t quantized_dimension;
} SottoDelegateTensor;

/* Fields that the operator's option table lacks keep their defaults. */
typedef struct SottoDelegateOptions {
  size_t struct_size;
  int32_t padding; /* 0 SAME, 1 VALID */
  int32_t stride_w, stride_h, dilation_w, dilation_h, filter_w, filter_h;
  int32_t depth_multiplier;
  int32_t activation; /* 0 none, 1 ReLU, 2 ReLU -1..1, 3 ReLU6 */
  float beta, alpha;
  int32_t axis;
  int32_t keep_dims;
  int32_t align_corners, half_pixel_centers;
  int32_t block_size;
} SottoDelegateOptions;

typedef struct SottoDelegateOp {
  int32_t code; /* BuiltinOperator of the format */
  int32_t version;
  const int32_t* inputs; /* into the tensors; -1: an optional one left out */
  int32_t num_inputs;
  const int32_t* outputs;
  int32_t num_outputs;
  const SottoDelegateOptions* options;
} SottoDelegateOp;

/* Operators in execution order over one list of tensors. */
typedef struct SottoDelegatePart {
  size_t struct_size;
  const SottoDelegateTensor* tensors;
  int32_t num_tensors;
  const SottoDelegateOp* ops;
  int32_t num_ops;
  const int32_t* inputs; /* computed outside, read here */
  int32_t num_inputs;
  const int32_t* outputs; /* computed here, read outside */
  int32_t num_outputs;
  int32_t num_threads; /* that the part may use */
} SottoDelegatePart;

/* Room for a reason, always ended by a zero byte. */
typedef struct SottoDelegateMessage {
  char text[256];
} SottoDelegateMessage;

/* Statuses are base/status_code.h's: 0 OK, 3 INVALID_ARGUMENT, 8
 * RESOURCE_EXHAUSTED, 12 UNIMPLEMENTED, 13 INTERNAL, 14 UNAVAILABLE. */
typedef struct SottoDelegate {
  uint32_t abi_version; /* SOTTO_DELEGATE_ABI_VERSION */
  size_t struct_size;
  const char* name; /* "vulkan"; lives as long as the library */

  /* `options` is the delegate's own text, may be empty. Null on failure, with
   * the reason in `message`, for example that there is no device. */
  void* (*create)(const char* options, SottoDelegateMessage* message);
  void (*destroy)(void* self);

  /* 1: can run `op` on these types and shapes. 0: not, with the reason. */
  int32_t (*supports)(void* self, const SottoDelegateTensor* tensors,
                      int32_t num_tensors, const SottoDelegateOp* op,
                      SottoDelegateMessage* message);
  /* Estimated nanoseconds of one invoke, moving inputs and outputs included;
   * negative: unknown. May be null. */
  double (*cost)(void* self, const SottoDelegatePart* part);

  /* Compiles the part. Null on failure: Sotto then runs it itself. */
  void* (*prepare)(void* self, const SottoDelegatePart* part,
                   SottoDelegateMessage* message);
  /* One pointer per input and output of the part, of the sizes that the tensors
   * say, 64-aligned. Inputs are not written. */
  int32_t (*invoke)(void* part, const void* const* inputs, void* const* outputs,
                    SottoDelegateMessage* message);
  void (*release)(void* part);
} SottoDelegate;

/* What a plug-in exports. */
typedef const SottoDelegate* (*SottoDelegateEntry)(void);
#define SOTTO_DELEGATE_ENTRY "sotto_delegate_v1"

#ifdef __cplusplus
}
#endif

#endif /* SOTTO_RUNTIME_DELEGATES_SOTTO_DELEGATE_H_ */
