# `cmake --install` gives apps the client SDK: headers, static libraries and a
# package, so that find_package(Sotto) provides Sotto::client.

if(NOT TARGET sotto_client)
  return()
endif()

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

# The SDK and everything that it links statically.
set(sotto_installed
    sotto_base sotto_crypto sotto_proto_messages sotto_proto_rpc
    sotto_proto_model sotto_proto_container sotto_kernels sotto_runtime
    sotto_training sotto_privacy sotto_privacy_accounting sotto_privacy_noise
    sotto_privacy_distributed sotto_privacy_rounds sotto_secure_agg sotto_model_store
    sotto_client_storage sotto_client_config sotto_client_transport
    sotto_client_download sotto_client_rounds sotto_client)
if(TARGET sotto_libcrypto)
  list(APPEND sotto_installed sotto_libcrypto)
endif()

install(TARGETS ${sotto_installed} EXPORT SottoTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${CMAKE_SOURCE_DIR}/client/include/sotto
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(FILES ${CMAKE_SOURCE_DIR}/client/c/sotto.h
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/sotto)

set(sotto_package ${CMAKE_INSTALL_LIBDIR}/cmake/Sotto)
install(EXPORT SottoTargets NAMESPACE Sotto:: DESTINATION ${sotto_package})
configure_package_config_file(
  ${CMAKE_SOURCE_DIR}/cmake/SottoConfig.cmake.in
  ${CMAKE_BINARY_DIR}/SottoConfig.cmake INSTALL_DESTINATION ${sotto_package})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/SottoConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/SottoConfig.cmake
              ${CMAKE_BINARY_DIR}/SottoConfigVersion.cmake
        DESTINATION ${sotto_package})

# For sotto_select_operators: the tables of kernels and what they include.
install(FILES ${CMAKE_SOURCE_DIR}/cmake/selection.cmake DESTINATION ${sotto_package})
install(DIRECTORY ${CMAKE_SOURCE_DIR}/runtime ${CMAKE_SOURCE_DIR}/base
        DESTINATION ${sotto_package}/sources
        FILES_MATCHING
        REGEX "/runtime/kernels/[a-z]+/table\\.cc$"
        REGEX "/runtime/kernels/(op_name\\.cc|(op_code|registry|selection)\\.h)$"
        REGEX "/runtime/core/[a-z]+\\.h$"
        REGEX "/base/status_code\\.h$")
