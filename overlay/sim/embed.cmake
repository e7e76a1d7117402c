# Writes `output`: a C++ source that holds the bytes of `rtt` and `access`, declared in
# overlay/sim/wonder_home_data.hpp.
function(array_of file result)
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(REGEX REPLACE "(................................................................................)" "\\1\n" bytes "${bytes}")
  set(${result} "${bytes}" PARENT_SCOPE)
endfunction()

array_of(${rtt} rtt_bytes)
array_of(${access} access_bytes)
file(WRITE ${output} "#include \"overlay/sim/wonder_home_data.hpp\"

namespace kith::sim {
namespace {

constexpr Byte kRoundTrips[] = {
${rtt_bytes}
};
constexpr Byte kAccess[] = {
${access_bytes}
};

}  // namespace

ByteView wonder_round_trips() { return kRoundTrips; }
ByteView home_access() { return kAccess; }

}  // namespace kith::sim
")
