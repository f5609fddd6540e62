/* Vulkan compute as a delegate: f32 networks on a GPU, or on a software device.
 */

#ifndef SOTTO_RUNTIME_DELEGATES_VULKAN_VULKAN_DELEGATE_H_
#define SOTTO_RUNTIME_DELEGATES_VULKAN_VULKAN_DELEGATE_H_

#include "runtime/delegates/sotto_delegate.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Options, separated by spaces or commas:
 *   device=N         in the driver's order; else the fastest kind there is
 *   precision=f32    (default)
 *   precision=f16    tensors and weights in half precision, sums in single;
 *                    refused where the device lacks it
 *   memory=staged    inputs and outputs are copied, as for a card, even where
 *                    host and device share memory */
const SottoDelegate* SottoVulkanDelegate(void);

#ifdef __cplusplus
}
#endif

#endif /* SOTTO_RUNTIME_DELEGATES_VULKAN_VULKAN_DELEGATE_H_ */
