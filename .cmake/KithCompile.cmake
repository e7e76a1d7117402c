# Flags that every target of this project is compiled with.  Those of the sanitizers reach who links
# to the library in this build, and are no part of an installed package.
function(kith_compile_options target)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
    -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align -Wimplicit-fallthrough
    # g++ 12 sees null pointers and overlaps inside of its own streams and strings (GCC PR 105651).
    $<$<CXX_COMPILER_ID:Clang>:-Wnull-dereference> $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
    $<$<BOOL:${KITH_WERROR}>:-Werror>
    # A broken rule names its file from the root, wherever the tree lies.
    -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=)

  if(KITH_SANITIZE)
    # The check of virtual tables opens a pipe to see whether it may read an object: where a test
    # leaves no files it finds fault with every object.
    target_compile_options(${target} PUBLIC $<BUILD_INTERFACE:-fsanitize=${KITH_SANITIZE}>
      $<BUILD_INTERFACE:-fno-sanitize=vptr> $<BUILD_INTERFACE:-fno-sanitize-recover=all>
      $<BUILD_INTERFACE:-fno-omit-frame-pointer>)
    target_link_options(${target} PUBLIC $<BUILD_INTERFACE:-fsanitize=${KITH_SANITIZE}>)
  endif()
endfunction()

# Has a fuzzer see which ways it goes through the code of `target`.
function(kith_fuzzed_code target)
  if(KITH_FUZZERS)
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
endfunction()
