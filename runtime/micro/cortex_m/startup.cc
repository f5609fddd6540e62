// From reset to Begin, for a Cortex-M with a single-precision FPU; any fault
// ends the simulation with status 99.

#include <cstdint>
#include <cstring>

extern "C" {

extern std::uint32_t stack_top, data_begin, data_end, data_load, bss_begin,
    bss_end;
[[noreturn]] void Begin();

[[noreturn]] void Fault() {
  static constexpr std::uint32_t kEnd[] = {0x20026, 99};
  for (;;) {
    asm volatile("mov r0, %0\n mov r1, %1\n bkpt 0xab"
                 :
                 : "r"(0x20), "r"(kEnd)
                 : "r0", "r1", "memory");
  }
}

// The vtables of PrepareContext name it.
void __cxa_pure_virtual() { Fault(); }

[[noreturn]] void Reset() {
  auto& access = *reinterpret_cast<volatile std::uint32_t*>(0xe000ed88);
  access = access | 0xfu << 20;  // full access to the FPU
  asm volatile("dsb\n isb");
  std::memcpy(&data_begin, &data_load,
              static_cast<std::size_t>(reinterpret_cast<char*>(&data_end) -
                                       reinterpret_cast<char*>(&data_begin)));
  std::memset(&bss_begin, 0,
              static_cast<std::size_t>(reinterpret_cast<char*>(&bss_end) -
                                       reinterpret_cast<char*>(&bss_begin)));
  Begin();
}

using Vector = void (*)();
// Stack, then reset and the system exceptions.
[[gnu::section(".vectors"), gnu::used]] const struct {
  const std::uint32_t* stack;
  Vector handlers[15];
} vectors = {&stack_top,
             {Reset, Fault, Fault, Fault, Fault, Fault, Fault, Fault, Fault,
              Fault, Fault, Fault, Fault, Fault, Fault}};

}  // extern "C"
