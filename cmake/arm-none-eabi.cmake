# Cross-builds for Arm microcontrollers; SOTTO_CPU is cortex-m4 or cortex-m7.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_CXX_COMPILER arm-none-eabi-g++)
# A program needs a linker script and start-up code, which the check has not.
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

set(SOTTO_CPU cortex-m4 CACHE STRING "cortex-m4 or cortex-m7")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES SOTTO_CPU)
set(flags "-mcpu=${SOTTO_CPU} -mthumb -mfloat-abi=hard")
if(SOTTO_CPU STREQUAL "cortex-m7")
  string(APPEND flags " -mfpu=fpv5-d16")
else()
  string(APPEND flags " -mfpu=fpv4-sp-d16")
endif()
string(APPEND flags " -ffunction-sections -fdata-sections")
# int32_t is int, as everywhere else; newlib's is long, of the same size.
string(APPEND flags " -U__INT32_TYPE__ -D__INT32_TYPE__=int -U__UINT32_TYPE__ \"-D__UINT32_TYPE__=unsigned int\"")
set(CMAKE_C_FLAGS_INIT "${flags}")
set(CMAKE_CXX_FLAGS_INIT
  "${flags} -fno-exceptions -fno-rtti -fno-threadsafe-statics -fno-use-cxa-atexit")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-Wl,--gc-sections --specs=nano.specs -nostartfiles")
