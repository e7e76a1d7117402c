# cmake -DPREFIX=… -P: fails if the installation holds anything but the public headers, the library,
# the program and the CMake package, or lacks one of them.
file(GLOB_RECURSE files LIST_DIRECTORIES false RELATIVE ${PREFIX} ${PREFIX}/*)

set(wanted ^include/kith/[a-z_]+\\.hpp$ ^lib[^/]*/libkith\\.a$ ^bin/kith$
           ^lib[^/]*/cmake/kith/kith[A-Za-z]+\(-[a-z]+\)?\\.cmake$)
set(strangers ${files})
foreach(pattern IN LISTS wanted)
  set(found ${files})
  list(FILTER found INCLUDE REGEX ${pattern})
  if(NOT found)
    message(FATAL_ERROR "nothing installed is like ${pattern}")
  endif()
  list(FILTER strangers EXCLUDE REGEX ${pattern})
endforeach()
if(strangers)
  message(FATAL_ERROR "installed, but neither header, library, program nor package: ${strangers}")
endif()
