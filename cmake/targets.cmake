# The only two helpers: sotto_library and sotto_test (and their kin for programs
# and fuzzers). Sources and direct dependencies are written out, never globbed.

include(GoogleTest)

# Uses the common headers of cmake/precompiled.cmake where there are any. Targets
# of C alone have none.
function(sotto_precompiled target from)
  if(TARGET ${from})
    target_precompile_headers(${target} REUSE_FROM ${from})
    set_target_properties(${target} PROPERTIES PCH_WARN_INVALID OFF)
  endif()
endfunction()

# sotto_library(NAME SRCS a.cc b.h ... DEPS x y ...)   alias Sotto::NAME
function(sotto_library name)
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS" ${ARGN})
  add_library(sotto_${name} STATIC ${ARG_SRCS})
  add_library(Sotto::${name} ALIAS sotto_${name})
  target_link_libraries(sotto_${name} PUBLIC ${ARG_DEPS} PRIVATE $<BUILD_INTERFACE:sotto_flags>)
  target_include_directories(sotto_${name} PUBLIC
    $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}> $<BUILD_INTERFACE:${CMAKE_BINARY_DIR}>
    $<INSTALL_INTERFACE:include>)
  # The headers need it, so apps that link an installed library get it too.
  target_compile_features(sotto_${name} PUBLIC cxx_std_20)
  sotto_precompiled(sotto_${name} sotto_library_pch)
  set_target_properties(sotto_${name} PROPERTIES EXPORT_NAME ${name})
endfunction()

# sotto_test(NAME SRCS a_test.cc ... DEPS x ... [LABELS unit] [TIMEOUT s] [ENV A=b])
# One thin GoogleTest binary; ctest runs it as one test.
function(sotto_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SRCS;DEPS;LABELS;ENV" ${ARGN})
  if(NOT SOTTO_TESTS)
    return()
  endif()
  find_package(GTest REQUIRED)
  add_executable(${name} ${ARG_SRCS})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} sotto_flags GTest::gmock GTest::gtest_main)
  # What is tested is optimised; the tests themselves are compiled quickly.
  target_compile_options(${name} PRIVATE -O0)
  sotto_precompiled(${name} sotto_test_pch)
  # An error where the compiler cannot use it.
  set_target_properties(${name} PROPERTIES PCH_WARN_INVALID ON)
  target_compile_definitions(${name} PRIVATE
    SOTTO_SOURCE_DIR="${CMAKE_SOURCE_DIR}" SOTTO_BINARY_DIR="${CMAKE_BINARY_DIR}")
  add_test(NAME ${name} COMMAND ${name})
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  # What is slow is not run with sanitizers, so it is not built with them.
  if("unit" IN_LIST ARG_LABELS AND NOT (SOTTO_SANITIZE AND "slow" IN_LIST ARG_LABELS))
    if(NOT TARGET unit_tests)
      add_custom_target(unit_tests)
    endif()
    add_dependencies(unit_tests ${name})
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  # testing::TempDir() of its own: several run at a time.
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/tmp/${name})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT}
    ENVIRONMENT "TEST_TMPDIR=${CMAKE_BINARY_DIR}/tmp/${name};${ARG_ENV}")
endfunction()

# sotto_program(NAME SRCS ... DEPS ...)   output in ${CMAKE_BINARY_DIR}/bin
function(sotto_program name)
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SRCS})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} sotto_flags)
  # What they command is in libraries.
  target_compile_options(${name} PRIVATE $<$<CONFIG:RelWithDebInfo>:-O0>)
  sotto_precompiled(${name} sotto_program_pch)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  install(TARGETS ${name} RUNTIME DESTINATION bin)
endfunction()

# sotto_fuzzer(NAME SRCS one_fuzzer.cc DEPS ... [CORPUS dir])   libFuzzer, Clang only
function(sotto_fuzzer name)
  cmake_parse_arguments(ARG "" "CORPUS" "SRCS;DEPS" ${ARGN})
  if(NOT SOTTO_FUZZERS)
    return()
  endif()
  add_executable(${name} ${ARG_SRCS})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} sotto_flags)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
  if(ARG_CORPUS)
    get_filename_component(corpus ${ARG_CORPUS} ABSOLUTE)
    file(WRITE ${CMAKE_BINARY_DIR}/fuzz/${name}.corpus "${corpus}\n")
  endif()
endfunction()
