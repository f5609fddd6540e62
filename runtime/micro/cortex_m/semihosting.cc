// machine.h by Arm semihosting: a breakpoint that the simulator or debugger
// answers, with the operation in r0 and its arguments in memory at r1.

#include <cstring>

#include "runtime/micro/machine.h"

namespace {

enum Operation : int {
  kOpen = 0x01,
  kClose = 0x02,
  kWriteText = 0x04,
  kWrite = 0x05,
  kRead = 0x06,
  kLength = 0x0c,
  kCommandLine = 0x15,
  kExit = 0x20,  // with a status
};

int Call(int operation, const void* arguments) {
  register int r0 asm("r0") = operation;
  register const void* r1 asm("r1") = arguments;
  asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

using Word = std::uintptr_t;

Word WordOf(const void* p) { return reinterpret_cast<Word>(p); }

// Modes are numbers of fopen's: 1 "rb", 5 "wb".
int Open(const char* path, Word mode) {
  const Word arguments[] = {WordOf(path), mode, std::strlen(path)};
  return Call(kOpen, arguments);
}

// Both return the number of bytes that were not transferred.
int Transfer(int operation, int file, const void* bytes, std::size_t size) {
  const Word arguments[] = {static_cast<Word>(file), WordOf(bytes), size};
  return Call(operation, arguments);
}

void Close(int file) {
  const Word arguments[] = {static_cast<Word>(file)};
  Call(kClose, arguments);
}

constexpr std::size_t kMaxArgs = 8;
char command_line[1024];

}  // namespace

namespace sotto {

void Print(const char* text) { Call(kWriteText, text); }

void PrintNumber(const char* text, std::uint32_t number) {
  char digits[11];
  char* at = digits + sizeof(digits) - 1;
  *at = 0;
  do {
    *--at = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  Print(text);
  Print(at);
}

std::int64_t ReadFile(const char* path, std::span<std::uint8_t> bytes) {
  const int file = Open(path, 1);
  if (file < 0) return -1;
  const Word arguments[] = {static_cast<Word>(file)};
  const int length = Call(kLength, arguments);
  const bool read =
      length >= 0 && static_cast<std::size_t>(length) <= bytes.size() &&
      Transfer(kRead, file, bytes.data(), static_cast<std::size_t>(length)) ==
          0;
  Close(file);
  return read ? length : -1;
}

bool WriteFile(const char* path, std::span<const std::uint8_t> bytes) {
  const int file = Open(path, 5);
  if (file < 0) return false;
  const bool written = Transfer(kWrite, file, bytes.data(), bytes.size()) == 0;
  Close(file);
  return written;
}

}  // namespace sotto

// Called by the reset handler, with memory in order.
extern "C" [[noreturn]] void Begin() {
  const Word line[] = {WordOf(command_line), sizeof(command_line)};
  const char* args[kMaxArgs] = {};
  std::size_t count = 0;
  if (Call(kCommandLine, line) == 0) {
    // Words, the first of which is the program.
    for (char* at = command_line; *at != 0 && count < kMaxArgs;) {
      while (*at == ' ') *at++ = 0;
      if (*at != 0) args[count++] = at;
      while (*at != 0 && *at != ' ') ++at;
    }
  }
  const std::span all(args, count);
  // 0x20026: the application ended by itself.
  const Word end[] = {
      0x20026, static_cast<Word>(sotto::Main(all.subspan(count > 0 ? 1 : 0)))};
  for (;;) Call(kExit, end);
}
