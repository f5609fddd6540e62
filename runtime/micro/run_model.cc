// Runs a model in the micro interpreter, with inputs and outputs in files; the
// same program on a host and on a simulated microcontroller.
//
//   run_model MODEL INPUTS OUTPUTS
//
// INPUTS and OUTPUTS are the bytes of all inputs, all outputs, one after the
// other. Prints "arena BYTES". Invokes twice, from the same inputs, and
// insists on the same outputs.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>

#include "runtime/micro/interpreter.h"
#include "runtime/micro/machine.h"

namespace {

using sotto::StatusCode;
using sotto::runtime::AllMicroKernels;
using sotto::runtime::MicroInterpreter;
using sotto::runtime::Tensor;

alignas(16) std::uint8_t model_bytes[1 << 20];
alignas(16) std::uint8_t arena[256 << 10];
std::uint8_t in[128 << 10], out[64 << 10], first[64 << 10];

int Fail(const char* what, StatusCode code, std::int32_t where) {
  sotto::Print(what);
  sotto::PrintNumber(" status ", static_cast<std::uint32_t>(code));
  sotto::PrintNumber(" operator ", static_cast<std::uint32_t>(where));
  sotto::Print("\n");
  return 1;
}

// One run; the size of the outputs, or -1.
std::int64_t Once(MicroInterpreter& net, std::size_t in_size) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < net.num_inputs(); ++i) {
    const Tensor t = net.input(i);
    if (t.bytes() > in_size - at) return -1;
    std::memcpy(t.data, in + at, t.bytes());
    at += t.bytes();
  }
  if (at != in_size) return -1;
  const StatusCode code = net.Invoke();
  if (code != StatusCode::kOk) {
    Fail("invoke", code, net.failed_operator());
    return -1;
  }
  std::size_t size = 0;
  for (std::size_t i = 0; i < net.num_outputs(); ++i) {
    const Tensor t = net.output(i);
    if (t.bytes() > sizeof(out) - size) return -1;
    std::memcpy(out + size, t.data, t.bytes());
    size += t.bytes();
  }
  return static_cast<std::int64_t>(size);
}

}  // namespace

int sotto::Main(std::span<const char* const> args) {
  if (args.size() != 3) {
    Print("wants MODEL INPUTS OUTPUTS\n");
    return 2;
  }
  const std::int64_t model_size = ReadFile(args[0], model_bytes);
  const std::int64_t in_size = ReadFile(args[1], in);
  if (model_size < 0 || in_size < 0) {
    Print("cannot read the model or the inputs\n");
    return 1;
  }
  const std::span model(model_bytes, static_cast<std::size_t>(model_size));
  std::size_t needed = 0;
  {
    MicroInterpreter measured(model, AllMicroKernels(), {.arena = arena});
    const StatusCode code = measured.Prepare();
    if (code != StatusCode::kOk) {
      return Fail("prepare", code, measured.failed_operator());
    }
    needed = measured.arena_used();
    PrintNumber("arena ", static_cast<std::uint32_t>(needed));
    Print("\n");
  }
  // In exactly as much as that, amid bytes that nobody may touch.
  std::memset(arena, 0xa5, sizeof(arena));
  MicroInterpreter net(model, AllMicroKernels(),
                       {.arena = std::span(arena).first(needed)});
  const StatusCode code = net.Prepare();
  if (code != StatusCode::kOk) {
    return Fail("prepare in the bound", code, net.failed_operator());
  }
  const std::int64_t size = Once(net, static_cast<std::size_t>(in_size));
  if (size < 0) {
    Print("the inputs do not fit\n");
    return 1;
  }
  std::memcpy(first, out, sizeof(out));
  if (Once(net, static_cast<std::size_t>(in_size)) != size ||
      std::memcmp(first, out, sizeof(out)) != 0) {
    Print("the second run differs\n");
    return 1;
  }
  for (std::size_t i = needed; i < sizeof(arena); ++i) {
    if (arena[i] != 0xa5) {
      Print("bytes after the arena were written\n");
      return 1;
    }
  }
  return WriteFile(args[2], std::span(out, static_cast<std::size_t>(size))) ? 0
                                                                            : 1;
}
