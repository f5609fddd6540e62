/* A plug-in of an ABI that this build does not speak; for the test. */

#include "runtime/delegates/sotto_delegate.h"

const SottoDelegate* sotto_delegate_v1(void);

const SottoDelegate* sotto_delegate_v1(void) {
  static const SottoDelegate kDelegate = {
      .abi_version = SOTTO_DELEGATE_ABI_VERSION + 1,
      .struct_size = sizeof(SottoDelegate),
      .name = "foreign"};
  return &kDelegate;
}
