#pragma once

#include <string>

#include <kith/contacts.hpp>

#include "apps/control/contact_requests.hpp"

namespace kith::apps {

/// Does what is asked, and waits for it; the line to answer.
[[nodiscard]] std::string answer_about(Contacts contacts, const ContactsRequest& request);

}  // namespace kith::apps
