// Named places at which tests kill the process, to prove that it recovers.
//
// SOTTO_CRASH_AT="NAME" or "NAME:K" in the environment makes the K-th (default
// first) pass through the point NAME end the process with SIGKILL: no handler,
// no flush, as when the power fails. Unset, a point costs one load.
// Thread-safe.

#ifndef SOTTO_BASE_CRASH_POINT_H_
#define SOTTO_BASE_CRASH_POINT_H_

#include <string_view>

namespace sotto {

void CrashPoint(std::string_view name);

}  // namespace sotto

#endif  // SOTTO_BASE_CRASH_POINT_H_
