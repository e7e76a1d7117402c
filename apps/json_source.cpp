// Boost.JSON, compiled here: Debian's library of it would bring a second Boost along.
#include <boost/json/src.hpp>
