# What most sources read of others is read once for all of them, if KITH_PRECOMPILE is on.
option(KITH_PRECOMPILE "Precompile the headers of others" OFF)

# kith_precompile(<target> [<headers>...]): the first target for certain headers makes them.
function(kith_precompile target)
  if(KITH_PRECOMPILE)
    target_precompile_headers(${target} PRIVATE ${PROJECT_SOURCE_DIR}/.cmake/precompiled.hpp ${ARGN})
    kith_precompiled_options(${target})
  endif()
endfunction()

# kith_precompiled_by(<target> <maker>): reads what was made for another target.
function(kith_precompiled_by target maker)
  if(KITH_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM ${maker})
    kith_precompiled_options(${target})
  endif()
endfunction()

# What ccache needs to know a precompiled header again (its manual, "Precompiled headers").  g++ 12
# sees overflows inside of its own strings (GCC PR 105651), and forgets that they are the system's;
# clang, and a build without precompiled headers, look for those of ours.
function(kith_precompiled_options target)
  target_compile_options(${target} PRIVATE
    $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>
    $<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds> $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overflow>
    $<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>)
endfunction()
