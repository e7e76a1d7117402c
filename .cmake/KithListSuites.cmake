# Run by ctest: adds a test for each suite of `program`, see KithSuites.cmake.
if(NOT EXISTS "${program}")
  add_test("${prefix}${label}_NOT_BUILT" "${program}")
  return()
endif()
execute_process(COMMAND "${program}" --gtest_list_tests
                OUTPUT_VARIABLE listed TIMEOUT 60 COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "(^|\n)[A-Za-z][A-Za-z0-9_/]*\\." suites "${listed}")
foreach(suite IN LISTS suites)
  string(STRIP "${suite}" suite)
  string(REGEX REPLACE "\\.$" "" suite "${suite}")
  add_test("${prefix}${suite}" "${program}" "--gtest_filter=${suite}.*" --gtest_brief=1)
  # What takes long begins first, so that no processor is without work at the end.
  set_tests_properties("${prefix}${suite}" PROPERTIES
    LABELS "${label}" COST 1 TIMEOUT "${timeout}")
endforeach()
