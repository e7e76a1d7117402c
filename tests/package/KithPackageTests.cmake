# Installs this build, and builds tests/package against the installation and against the tree.
set(package_dir ${CMAKE_CURRENT_BINARY_DIR}/package)
set(prefix ${package_dir}/prefix)
set(consumer_flags
  -DCMAKE_BUILD_TYPE=${CMAKE_BUILD_TYPE} -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}
  -DCMAKE_CXX_COMPILER_LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER})

add_test(NAME ${KITH_TEST_PREFIX}package/installed
  COMMAND ${CMAKE_CTEST_COMMAND}
    --build-and-test ${CMAKE_CURRENT_LIST_DIR} ${package_dir}/installed
    --build-generator ${CMAKE_GENERATOR}
    --build-options ${consumer_flags} -DCMAKE_PREFIX_PATH=${prefix}
    --test-command ${package_dir}/installed/consumer)
# Compiles only: linking would build the whole library a second time.
add_test(NAME ${KITH_TEST_PREFIX}package/subdirectory
  COMMAND ${CMAKE_CTEST_COMMAND}
    --build-and-test ${CMAKE_CURRENT_LIST_DIR} ${package_dir}/subdirectory
    --build-generator ${CMAKE_GENERATOR} --build-target consumer_object
    --build-options ${consumer_flags} -DKITH_TREE=${PROJECT_SOURCE_DIR})
add_test(NAME ${KITH_TEST_PREFIX}package/clean
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${prefix} ${package_dir}/installed)
add_test(NAME ${KITH_TEST_PREFIX}package/install
  COMMAND ${CMAKE_COMMAND} --install ${PROJECT_BINARY_DIR} --prefix ${prefix})
add_test(NAME ${KITH_TEST_PREFIX}package/files
  COMMAND ${CMAKE_COMMAND} -DPREFIX=${prefix}
    -P ${CMAKE_CURRENT_LIST_DIR}/installed_files.cmake)
add_test(NAME ${KITH_TEST_PREFIX}package/headers
  COMMAND ${CMAKE_COMMAND} --build ${PROJECT_BINARY_DIR}
    --target kith_library_verify_interface_header_sets)

set(package_tests clean install files installed headers subdirectory)
list(TRANSFORM package_tests PREPEND ${KITH_TEST_PREFIX}package/)
set_tests_properties(${package_tests} PROPERTIES LABELS package)
set_tests_properties(${KITH_TEST_PREFIX}package/clean PROPERTIES FIXTURES_SETUP kith_clean)
set_tests_properties(${KITH_TEST_PREFIX}package/install PROPERTIES
  FIXTURES_REQUIRED kith_clean FIXTURES_SETUP kith_installation)
set_tests_properties(${KITH_TEST_PREFIX}package/files ${KITH_TEST_PREFIX}package/installed
  PROPERTIES FIXTURES_REQUIRED kith_installation)
