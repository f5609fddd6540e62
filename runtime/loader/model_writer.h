// Models to .tflite files that any runtime of the format reads.

#ifndef SOTTO_RUNTIME_LOADER_MODEL_WRITER_H_
#define SOTTO_RUNTIME_LOADER_MODEL_WRITER_H_

#include "base/bytes.h"
#include "runtime/loader/model.h"

namespace sotto::runtime {

// `model` is one that ParseModel returned or that a builder made. All of it is
// written as it is: types, quantisation, variables, every subgraph, signatures,
// metadata, custom operators and their options. Resource variables get names
// from their numbers.
Bytes WriteModel(const Model& model);

// The same with every weight tensor of rank 2 or more as symmetric int8, one
// scale per slice of its first dimension (last for depthwise), behind a
// DEQUANTIZE. `levels` is the largest quantised magnitude: 127 for 8 bits, 7
// for 4 bits.
Bytes WriteQuantizedModel(const Model& model, int levels);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_LOADER_MODEL_WRITER_H_
