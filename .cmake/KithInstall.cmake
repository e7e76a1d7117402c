# What an installation holds: the public headers, the library, the program, the CMake package.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(kith_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/kith)
install(TARGETS kith_library EXPORT kithTargets FILE_SET HEADERS)
install(EXPORT kithTargets NAMESPACE kith:: DESTINATION ${kith_package_dir})
if(TARGET kith)
  install(TARGETS kith)
endif()

write_basic_package_version_file(${PROJECT_BINARY_DIR}/kithConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_SOURCE_DIR}/.cmake/kithConfig.cmake
              ${PROJECT_BINARY_DIR}/kithConfigVersion.cmake
        DESTINATION ${kith_package_dir})
