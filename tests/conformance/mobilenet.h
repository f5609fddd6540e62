// MobileNet v1 and v2, width 1.0, 1001 classes, with random weights: what the
// published networks cost, without their files.
//
//   v1: Howard et al. 2017, table 1      v2: Sandler et al. 2018, table 2
//
// Batch normalisation is folded, as converters do. Weights are uniform with the
// variance that keeps the second moment of what passes ReLU6; quantised scales
// follow from that, so that neither a layer is all zero nor many values
// saturate.

#ifndef SOTTO_TESTS_CONFORMANCE_MOBILENET_H_
#define SOTTO_TESTS_CONFORMANCE_MOBILENET_H_

#include "runtime/loader/model.h"

namespace sotto::conformance {

enum class Format : std::uint8_t {
  kFloat32,
  kInt8,   // weights per channel
  kUint8,  // the older form: one scale and zero point a tensor
};

// `size`: of the square image, a multiple of 32; published with 224.
runtime::Model MobileNetV1(Format format, std::int32_t size = 224);
runtime::Model MobileNetV2(Format format, std::int32_t size = 224);

}  // namespace sotto::conformance

#endif  // SOTTO_TESTS_CONFORMANCE_MOBILENET_H_
