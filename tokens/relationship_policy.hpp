#pragma once

#include <memory>
#include <span>

#include <kith/policy.hpp>

#include "tokens/relationship_token.hpp"

namespace kith {

/// Yes to the nodes that these relationships name, to the identities that they name at those nodes,
/// and to nobody else.  It knows no dates: whoever holds relationships hands in those that are
/// verified and valid, and takes another policy when one begins or ends.
[[nodiscard]] std::unique_ptr<Policy> relationship_policy(
    std::span<const RelationshipToken> relationships);

}  // namespace kith
