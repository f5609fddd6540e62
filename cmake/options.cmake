# Compiler settings and build options.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

option(SOTTO_TESTS "build the tests" ON)
option(SOTTO_FUZZERS "build the libFuzzer targets (Clang only)" OFF)
set(SOTTO_CRYPTO openssl CACHE STRING "openssl or boringssl")
set_property(CACHE SOTTO_CRYPTO PROPERTY STRINGS openssl boringssl)
option(SOTTO_UNITY "compile eight files at a time where headers cost most" OFF)
set(SOTTO_SANITIZE "" CACHE STRING "for example address,undefined or thread")

find_program(SOTTO_CCACHE ccache)
if(SOTTO_CCACHE)
  # Precompiled headers are cached only under this sloppiness (ccache's manual).
  set(launcher ${CMAKE_COMMAND} -E env
    CCACHE_SLOPPINESS=pch_defines,time_macros ${SOTTO_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()

add_library(sotto_flags INTERFACE)
target_include_directories(sotto_flags INTERFACE
  $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}> $<BUILD_INTERFACE:${CMAKE_BINARY_DIR}>)
target_compile_options(sotto_flags INTERFACE -Wall -Wextra -Wshadow -Werror
  -fno-omit-frame-pointer -ffp-contract=off -pthread)
if(SOTTO_UNITY AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Takes the files that are joined for headers.
  target_compile_options(sotto_flags INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-Wno-subobject-linkage>)
endif()
if(SOTTO_SANITIZE)
  add_compile_options(-fsanitize=${SOTTO_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SOTTO_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # With sanitizers GCC 12 sees it inside the standard library's std::regex.
    add_compile_options(-Wno-maybe-uninitialized)
  endif()
endif()
