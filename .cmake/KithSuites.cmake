# Tests of a sanitized program by suite: each process costs a tenth of a second before it begins.

set(KITH_SUITES_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/KithListSuites.cmake)

# kith_discover_suites(<target> <prefix> <timeout in seconds>): every suite of the GoogleTest program
# is a test of its own.  They are listed when ctest runs, as gtest_discover_tests would list cases.
function(kith_discover_suites target prefix timeout)
  set(script ${CMAKE_CURRENT_BINARY_DIR}/${target}_suites.cmake)
  file(GENERATE OUTPUT ${script} CONTENT "set(program [==[$<TARGET_FILE:${target}>]==])
set(label [==[${target}]==])
set(prefix [==[${prefix}]==])
set(timeout ${timeout})
include([==[${KITH_SUITES_SCRIPT}]==])
")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${script})
endfunction()
