# sotto_select_operators(TARGET ADD CONV_2D ...)
#
# Gives the program TARGET the kernels of these operators alone, by the names of
# the .tflite format (`sotto model operators MODEL...` prints a list); a model with
# another operator is then refused when it is loaded. The tables of kernels are
# compiled into the program, where they precede those of the library, so the
# library's kernels that no table names are not linked.

# Beside this file, or in the sources where it was installed from.
if(EXISTS "${CMAKE_CURRENT_LIST_DIR}/sources/runtime/kernels/op_name.cc")
  set(SOTTO_KERNEL_SOURCES "${CMAKE_CURRENT_LIST_DIR}/sources")
else()
  get_filename_component(SOTTO_KERNEL_SOURCES "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)
endif()
set(SOTTO_KERNEL_FOLDERS
    nn elementwise movement reduction recurrent vision signal control cpu)

function(sotto_select_operators target)
  file(READ "${SOTTO_KERNEL_SOURCES}/runtime/kernels/op_name.cc" names)
  set(codes)
  foreach(operator IN LISTS ARGN)
    if(NOT names MATCHES "(OpCode::k[A-Za-z0-9]+),[ \n]*\"${operator}\"")
      message(FATAL_ERROR "sotto_select_operators: no operator '${operator}'")
    endif()
    list(APPEND codes ${CMAKE_MATCH_1})
  endforeach()
  if(NOT codes)
    message(FATAL_ERROR "sotto_select_operators: name at least one operator")
  endif()
  # What the planner makes of two of them.
  if("CONV_2D" IN_LIST ARGN AND "DEPTHWISE_CONV_2D" IN_LIST ARGN)
    list(APPEND codes OpCode::kDepthwisePointwise)
  endif()
  if("CONV_2D" IN_LIST ARGN AND "ADD" IN_LIST ARGN)
    list(APPEND codes OpCode::kConv2DAdd)
  endif()
  list(REMOVE_DUPLICATES codes)
  list(JOIN codes "," codes)
  # An object library, so that the definition reaches the tables alone.
  add_library(${target}_kernel_tables OBJECT)
  foreach(folder IN LISTS SOTTO_KERNEL_FOLDERS)
    target_sources(${target}_kernel_tables PRIVATE
      "${SOTTO_KERNEL_SOURCES}/runtime/kernels/${folder}/table.cc")
  endforeach()
  target_include_directories(${target}_kernel_tables PRIVATE "${SOTTO_KERNEL_SOURCES}")
  target_compile_features(${target}_kernel_tables PRIVATE cxx_std_20)
  target_compile_definitions(${target}_kernel_tables PRIVATE
    "SOTTO_SELECTED_OPERATORS=${codes}")
  target_sources(${target} PRIVATE $<TARGET_OBJECTS:${target}_kernel_tables>)
  target_link_options(${target} PRIVATE -Wl,--gc-sections)
endfunction()
