// A tiny network that always listens, and a larger one that runs only when the
// first one hears something; they take turns in one scratch arena.
//
// The frames are made up: quiet ones, and two words of loud low or high bands.

#include <algorithm>
#include <cstdint>
#include <span>

#include "runtime/micro/interpreter.h"
#include "runtime/micro/machine.h"
#include "wake.h"
#include "words.h"

namespace {

using sotto::StatusCode;
using sotto::runtime::MicroInterpreter;

constexpr int kFrames = 24, kSteps = 16, kBands = 8;
constexpr std::int8_t kLoud = 20;  // a mean level that wakes

alignas(
    16) std::uint8_t scratch[std::max(wake::kArenaBytes, words::kArenaBytes)];
// What an interpreter keeps while the other one runs.
alignas(16) std::uint8_t wake_tables[64];
alignas(16) std::uint8_t words_tables[64];

enum class Sound { kQuiet, kLow, kHigh };

Sound SoundOf(int frame) {
  if (frame == 7 || frame == 8) return Sound::kLow;
  return frame == 17 ? Sound::kHigh : Sound::kQuiet;
}

void Record(int frame, std::int8_t* levels) {
  std::uint32_t noise = static_cast<std::uint32_t>(frame) + 1;
  const Sound sound = SoundOf(frame);
  for (int i = 0; i < kSteps * kBands; ++i) {
    noise = noise * 1664525u + 1013904223u;
    const bool low = i % kBands < kBands / 2;
    const bool loud = sound == (low ? Sound::kLow : Sound::kHigh);
    levels[i] = static_cast<std::int8_t>((loud ? 100 : 0) + (noise >> 28));
  }
}

}  // namespace

int sotto::Main(std::span<const char* const>) {
  MicroInterpreter listener({wake::kModel, wake::kModelBytes}, wake::Kernels(),
                            {.arena = scratch, .tables = wake_tables});
  MicroInterpreter recogniser({words::kModel, words::kModelBytes},
                              words::Kernels(),
                              {.arena = scratch, .tables = words_tables});
  if (listener.Prepare() != StatusCode::kOk ||
      recogniser.Prepare() != StatusCode::kOk) {
    Print("a model does not prepare\n");
    return 1;
  }
  std::uint32_t woken = 0;
  for (int frame = 0; frame < kFrames; ++frame) {
    Record(frame, listener.input(0).as<std::int8_t>());
    if (listener.Invoke() != StatusCode::kOk) return 1;
    if (listener.output(0).as<std::int8_t>()[0] < kLoud) continue;
    ++woken;
    // The listener's input is gone: its memory is the recogniser's now.
    Record(frame, recogniser.input(0).as<std::int8_t>());
    if (recogniser.Invoke() != StatusCode::kOk) return 1;
    const auto* shares = recogniser.output(0).as<std::int8_t>();
    PrintNumber("frame ", static_cast<std::uint32_t>(frame));
    Print(shares[0] > shares[1] ? ": low\n" : ": high\n");
  }
  PrintNumber("recogniser ran ", woken);
  PrintNumber(" times in ", kFrames);
  PrintNumber(" frames; scratch ", sizeof(scratch));
  Print(" bytes\n");
  return 0;
}
