// Small networks whose steps are what real ones consist of, to measure a
// device with.

#ifndef SOTTO_TOOLS_SOTTO_DEVICE_NETWORKS_H_
#define SOTTO_TOOLS_SOTTO_DEVICE_NETWORKS_H_

#include <vector>

#include "runtime/loader/model.h"

namespace sotto::tools {

// f32, int8 per channel and uint8; convolutions alone and after a depthwise
// one, fully connected layers, and what moves or maps data, at several sizes.
std::vector<runtime::Model> DeviceNetworks();

}  // namespace sotto::tools

#endif  // SOTTO_TOOLS_SOTTO_DEVICE_NETWORKS_H_
