/* XNNPACK as a delegate: the distribution's library, f32 and 8-bit networks. */

#ifndef SOTTO_RUNTIME_DELEGATES_XNNPACK_XNNPACK_DELEGATE_H_
#define SOTTO_RUNTIME_DELEGATES_XNNPACK_XNNPACK_DELEGATE_H_

#include "runtime/delegates/sotto_delegate.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Takes no options. Results of 8-bit operators may differ by one step from the
 * interpreter's own: XNNPACK rescales in floating point. */
const SottoDelegate* SottoXnnpackDelegate(void);

#ifdef __cplusplus
}
#endif

#endif /* SOTTO_RUNTIME_DELEGATES_XNNPACK_XNNPACK_DELEGATE_H_ */
