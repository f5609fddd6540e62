# Headers that most files include, compiled once a build instead of once a file: a
# test file took 4.0 s of the processor without, 1.8 s with. -DSOTTO_PCH=OFF does without,
# and notices a file that does not include what it uses.

option(SOTTO_PCH "precompile common headers" ON)
if(NOT SOTTO_PCH)
  return()
endif()

set(SOTTO_COMMON_HEADERS
  <algorithm> <array> <cstdint> <functional> <map> <memory> <optional> <span> <string>
  <string_view> <utility> <vector> <absl/status/statusor.h> <absl/strings/str_format.h>)
file(CONFIGURE OUTPUT precompiled.cc CONTENT "int main() { return 0; }\n")

# Libraries are position-independent code, programs and tests executables.
add_library(sotto_library_pch OBJECT ${CMAKE_BINARY_DIR}/precompiled.cc)
target_link_libraries(sotto_library_pch PRIVATE sotto_flags)
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # The same bytes from the same headers, so that ccache knows them again.
  target_compile_options(sotto_library_pch PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
endif()
target_precompile_headers(sotto_library_pch PRIVATE ${SOTTO_COMMON_HEADERS})

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 warns of std::string's own concatenation (GCC PR 105329, PR 105651); it
  # forgets that the code is a system header's when that was precompiled.
  target_compile_options(sotto_flags INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-Wno-array-bounds>
    $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>
    $<$<COMPILE_LANGUAGE:CXX>:-Wno-stringop-overflow>
    $<$<COMPILE_LANGUAGE:CXX>:-Wno-stringop-overread>)

  add_executable(sotto_program_pch ${CMAKE_BINARY_DIR}/precompiled.cc)
  target_link_libraries(sotto_program_pch PRIVATE sotto_flags)
  # As sotto_program has it: with another level the compiler takes the text instead.
  target_compile_options(sotto_program_pch PRIVATE $<$<CONFIG:RelWithDebInfo>:-O0>)
  target_precompile_headers(sotto_program_pch PRIVATE ${SOTTO_COMMON_HEADERS} <CLI/CLI.hpp>
    <nlohmann/json.hpp>)
endif()

if(SOTTO_TESTS)
  find_package(GTest REQUIRED)
  add_executable(sotto_test_pch ${CMAKE_BINARY_DIR}/precompiled.cc)
  target_link_libraries(sotto_test_pch PRIVATE sotto_flags GTest::gmock GTest::gtest_main)
  # As sotto_test has it: with another level the compiler takes the text instead.
  target_compile_options(sotto_test_pch PRIVATE -O0)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(sotto_test_pch PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  endif()
  target_precompile_headers(sotto_test_pch PRIVATE
    ${SOTTO_COMMON_HEADERS} <gmock/gmock.h> <gtest/gtest.h>)
endif()
