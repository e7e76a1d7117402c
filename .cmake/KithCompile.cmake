# Flags that every target of this project is compiled with.
function(kith_compile_options target)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
    -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align -Wnull-dereference -Wimplicit-fallthrough
    $<$<BOOL:${KITH_WERROR}>:-Werror>)
  if(KITH_SANITIZE)
    target_compile_options(${target} PUBLIC -fsanitize=${KITH_SANITIZE} -fno-omit-frame-pointer
                                            -fno-sanitize-recover=all)
    target_link_options(${target} PUBLIC -fsanitize=${KITH_SANITIZE})
  endif()
  if(KITH_FUZZERS)
    target_compile_options(${target} PUBLIC -fsanitize=fuzzer-no-link)
    target_link_options(${target} PUBLIC -fsanitize=fuzzer-no-link)
  endif()
endfunction()
