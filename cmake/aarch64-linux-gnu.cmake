# Cross-builds for 64-bit Arm Linux; what is built runs under qemu-aarch64.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
# Highway's vectors for this architecture use its AES instructions.
set(CMAKE_C_FLAGS_INIT "-march=armv8-a+crypto")
set(CMAKE_CXX_FLAGS_INIT "-march=armv8-a+crypto")
# The emulator needs no system root then.
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static")
