#include "overlay/relations/scope.hpp"

namespace kith::overlay {

bool allows(const Scopes& scopes, MessageKind kind) {
  switch (kind) {
    case MessageKind::join:
    case MessageKind::acknowledge:
    case MessageKind::not_acknowledged:
    case MessageKind::piggy:
      return scopes.is_fresh() || scopes.joined || scopes.related;
    case MessageKind::update:
    case MessageKind::leave:
    case MessageKind::route:
    case MessageKind::answer:
    case MessageKind::declare:
    case MessageKind::declared:
    case MessageKind::withdraw:
    case MessageKind::matches:
    case MessageKind::unmatched:
    case MessageKind::replicate:
    case MessageKind::replicated:
    case MessageKind::channel_open:
    case MessageKind::channel_accept:
    case MessageKind::channel_refuse:
    case MessageKind::channel_data:
    case MessageKind::channel_credit:
    case MessageKind::channel_expired:
    case MessageKind::channel_close:
      return scopes.joined;
    case MessageKind::announce:
    case MessageKind::lookup:
    case MessageKind::trace:
    case MessageKind::judge:
    case MessageKind::judgement:
      // They travel inside of a route alone.
      return false;
    case MessageKind::relate:
    case MessageKind::related:
    case MessageKind::not_related:
      return scopes.ticket;
    case MessageKind::relation_message:
    case MessageKind::relation_taken:
    case MessageKind::relation_end:
    case MessageKind::no_relation:
    case MessageKind::introduce:
      return scopes.related || scopes.joined;
    case MessageKind::query:
      // On a fresh session it is the first message.
      return scopes.answers_queries &&
             ((scopes.is_fresh() && !scopes.joining) || scopes.joined || scopes.related);
    case MessageKind::reply:
      return scopes.queried || scopes.joined || scopes.related;
  }
  return false;
}

}  // namespace kith::overlay
