# Code generation: protobuf and gRPC, FlatBuffers. Headers land in the build
# tree under the source path, so `#include "proto/rpc/federation.grpc.pb.h"`.

# sotto_proto(NAME FILES a.proto ... DEPS other proto libraries [GRPC])
function(sotto_proto name)
  cmake_parse_arguments(ARG "GRPC" "" "FILES;DEPS" ${ARGN})
  find_program(PROTOC protoc REQUIRED)
  find_program(GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)
  set(sources)
  foreach(file IN LISTS ARG_FILES)
    file(RELATIVE_PATH path ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/${file})
    string(REGEX REPLACE "\\.proto$" "" stem ${path})
    set(outputs ${CMAKE_BINARY_DIR}/${stem}.pb.cc ${CMAKE_BINARY_DIR}/${stem}.pb.h)
    set(command ${PROTOC} -I ${CMAKE_SOURCE_DIR} --cpp_out=${CMAKE_BINARY_DIR})
    if(ARG_GRPC)
      list(APPEND outputs ${CMAKE_BINARY_DIR}/${stem}.grpc.pb.cc ${CMAKE_BINARY_DIR}/${stem}.grpc.pb.h)
      list(APPEND command --grpc_out=${CMAKE_BINARY_DIR}
           --plugin=protoc-gen-grpc=${GRPC_CPP_PLUGIN})
    endif()
    add_custom_command(OUTPUT ${outputs} COMMAND ${command} ${CMAKE_SOURCE_DIR}/${path}
                       DEPENDS ${CMAKE_SOURCE_DIR}/${path} VERBATIM)
    list(APPEND sources ${outputs})
  endforeach()
  add_library(sotto_${name} STATIC ${sources})
  add_library(Sotto::${name} ALIAS sotto_${name})
  # Generated, and slow to compile.
  target_compile_options(sotto_${name} PRIVATE $<$<NOT:$<CONFIG:Release>>:-O0>)
  find_package(Protobuf REQUIRED)
  target_include_directories(sotto_${name} SYSTEM PUBLIC
    $<BUILD_INTERFACE:${CMAKE_BINARY_DIR}> $<INSTALL_INTERFACE:include>)
  target_link_libraries(sotto_${name} PUBLIC protobuf::libprotobuf ${ARG_DEPS})
  if(ARG_GRPC)
    find_package(gRPC CONFIG REQUIRED)
    target_link_libraries(sotto_${name} PUBLIC gRPC::grpc++)
  endif()
  set_target_properties(sotto_${name} PROPERTIES EXPORT_NAME ${name})
endfunction()

# sotto_flatbuffer(NAME FILES a.fbs ...)
function(sotto_flatbuffer name)
  cmake_parse_arguments(ARG "" "" "FILES" ${ARGN})
  find_program(FLATC flatc REQUIRED)
  set(headers)
  foreach(file IN LISTS ARG_FILES)
    get_filename_component(stem ${file} NAME_WE)
    get_filename_component(folder ${CMAKE_CURRENT_SOURCE_DIR}/${file} DIRECTORY)
    file(RELATIVE_PATH folder ${CMAKE_SOURCE_DIR} ${folder})
    set(header ${CMAKE_BINARY_DIR}/${folder}/${stem}_generated.h)
    add_custom_command(OUTPUT ${header}
      COMMAND ${FLATC} --cpp --cpp-std c++17 --scoped-enums --reflect-names
              -o ${CMAKE_BINARY_DIR}/${folder} ${CMAKE_CURRENT_SOURCE_DIR}/${file}
      DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${file} VERBATIM)
    list(APPEND headers ${header})
  endforeach()
  add_custom_target(sotto_${name}_headers DEPENDS ${headers})
  add_library(sotto_${name} INTERFACE)
  add_library(Sotto::${name} ALIAS sotto_${name})
  target_include_directories(sotto_${name} SYSTEM INTERFACE
    $<BUILD_INTERFACE:${CMAKE_BINARY_DIR}> $<INSTALL_INTERFACE:include>)
  add_dependencies(sotto_${name} sotto_${name}_headers)
  set_target_properties(sotto_${name} PROPERTIES EXPORT_NAME ${name})
endfunction()
