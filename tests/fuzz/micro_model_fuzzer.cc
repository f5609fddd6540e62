// Bytes as a .tflite file for the micro interpreter: what prepares is prepared
// again in exactly the arena that it names, and run when it is small.

#include <cstdlib>
#include <cstring>

#include "runtime/micro/interpreter.h"

namespace sotto::runtime {
namespace {

constexpr std::size_t kMaxArenaBytes = std::size_t{64} << 10;
// Multiplications of one operator are at most elements of its output times
// bytes of the file.
constexpr std::size_t kMaxWork = 50'000'000;
constexpr std::uint32_t kMaxOperators = 16;

// Memory of its own whose end a sanitizer guards.
class Block {
 public:
  explicit Block(std::size_t bytes)
      : data_(static_cast<std::uint8_t*>(std::aligned_alloc(
            16, (bytes + 15) / 16 * 16 + 16 * (bytes == 0)))),
        bytes_(bytes) {
    std::memset(data_, 0x5a, bytes);
  }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block() { std::free(data_); }
  std::span<std::uint8_t> bytes() { return {data_, bytes_}; }

 private:
  std::uint8_t* data_;
  std::size_t bytes_;
};

void Run(std::span<const std::uint8_t> file) {
  Block model(file.size());
  if (!file.empty()) {
    std::memcpy(model.bytes().data(), file.data(), file.size());
  }
  Block large(kMaxArenaBytes);
  MicroInterpreter measured(model.bytes(), AllMicroKernels(),
                            {.arena = large.bytes()});
  if (measured.Prepare() != StatusCode::kOk) return;
  Block arena(measured.arena_used());
  MicroInterpreter net(model.bytes(), AllMicroKernels(),
                       {.arena = arena.bytes()});
  if (net.Prepare() != StatusCode::kOk) std::abort();
  ModelView view(model.bytes());
  if (view.Open() != StatusCode::kOk) std::abort();
  if (view.num_operators() > kMaxOperators ||
      net.arena_used() * file.size() > kMaxWork) {
    return;
  }
  for (int run = 0; run < 2; ++run) {
    for (std::size_t i = 0; i < net.num_inputs(); ++i) {
      std::memset(net.input(i).data, 1 + run, net.input(i).bytes());
    }
    (void)net.Invoke();
  }
}

}  // namespace
}  // namespace sotto::runtime

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  sotto::runtime::Run({data, size});
  return 0;
}
