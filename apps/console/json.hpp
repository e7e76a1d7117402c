#pragma once

#include <string>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <kith/bytes.hpp>
#include <kith/fingerprint.hpp>

#include "apps/console/output.hpp"

namespace kith::apps {

/// Writes `value` to standard output as one line.
void write_json(const boost::json::value& value);

/// Writes `answer` as JSON, or what `words()` says of it for people.
template <class Words>
void write_answer(bool as_json, const boost::json::value& answer, const Words& words) {
  if (as_json)
    write_json(answer);
  else
    write_output(words());
}

/// The members of `object` for people, one a line: those of an object in it as lines of their own,
/// what is empty or null not at all.
[[nodiscard]] std::string to_lines(const boost::json::object& object);

/// Null for zeros, which stand for nobody in particular.
[[nodiscard]] boost::json::value text_or_null(const Fingerprint& fingerprint);

/// Base64 (RFC 4648 §4), with padding.
[[nodiscard]] std::string to_base64(ByteView bytes);

/// Adds `payload` to `object`: as text where it is UTF-8, in base64 otherwise; `encoding` says
/// which.
void add_payload(boost::json::object& object, ByteView payload);

}  // namespace kith::apps
