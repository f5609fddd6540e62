#include <cstdio>

#include "runtime/micro/machine.h"

namespace sotto {

void Print(const char* text) { std::fputs(text, stdout); }

void PrintNumber(const char* text, std::uint32_t number) {
  std::printf("%s%lu", text, static_cast<unsigned long>(number));
}

std::int64_t ReadFile(const char* path, std::span<std::uint8_t> bytes) {
  std::FILE* file = std::fopen(path, "rb");
  if (file == nullptr) return -1;
  const std::size_t size = std::fread(bytes.data(), 1, bytes.size(), file);
  const bool whole = std::fgetc(file) == EOF && std::ferror(file) == 0;
  std::fclose(file);
  return whole ? static_cast<std::int64_t>(size) : -1;
}

bool WriteFile(const char* path, std::span<const std::uint8_t> bytes) {
  std::FILE* file = std::fopen(path, "wb");
  if (file == nullptr) return false;
  const bool written =
      std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  return std::fclose(file) == 0 && written;
}

}  // namespace sotto

int main(int argc, char** argv) {
  return sotto::Main(
      std::span<const char* const>(argv, static_cast<std::size_t>(argc))
          .subspan(argc > 0 ? 1 : 0));
}
