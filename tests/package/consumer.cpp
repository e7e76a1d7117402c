#include <cstdio>

#include <kith/fingerprint.hpp>

#if __has_include("core/random.hpp") || __has_include(<core/random.hpp>)
#error "an internal header of kith can be found from outside"
#endif

int main() {
  const kith::Fingerprint nobody;
  const auto same = kith::Fingerprint::parse(nobody.to_string());
  std::puts(nobody.abbreviated().c_str());
  return same == nobody ? 0 : 1;
}
