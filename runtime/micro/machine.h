// What the example programs of the micro profile need from the machine that
// they run on: host_machine.cc, cortex_m/semihosting.cc.

#ifndef SOTTO_RUNTIME_MICRO_MACHINE_H_
#define SOTTO_RUNTIME_MICRO_MACHINE_H_

#include <cstdint>
#include <span>

namespace sotto {

// The program's own; `args` without its name. Returns the exit status.
int Main(std::span<const char* const> args);

void Print(const char* text);
// `text`, then `number` in decimal.
void PrintNumber(const char* text, std::uint32_t number);
// The size of the file; -1: it cannot be read, or does not fit.
std::int64_t ReadFile(const char* path, std::span<std::uint8_t> bytes);
bool WriteFile(const char* path, std::span<const std::uint8_t> bytes);

}  // namespace sotto

#endif  // SOTTO_RUNTIME_MICRO_MACHINE_H_
