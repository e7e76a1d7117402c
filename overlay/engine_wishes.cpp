// The part of the engine that has to do with what the application wishes to send and receive.

#include <utility>

#include <kith/subject.hpp>

#include "overlay/engine_impl.hpp"
#include "tokens/issue.hpp"

namespace kith::overlay {

Result<SubscriptionId> Engine::Impl::subscribe(std::string_view name,
                                               const SubscribeOptions& options, Instant now) {
  const auto subject = subject_of_application(name);
  if (!subject) return std::unexpected(subject.error());
  const auto identity = identities_.key_for(options.identity);
  if (!identity) return std::unexpected(identity.error());
  if (subscriptions_ >= config_.subscriptions_max) return std::unexpected(Errc::limit_reached);
  auto wish = find_wish(*subject, (*identity)->public_key, IntentRole::receive);
  if (wish == wishes_.end()) {
    const auto added = add_wish({.subject = *subject,
                                 .audience = options.audience,
                                 .role = IntentRole::receive,
                                 .threshold = options.credit,
                                 .issued_at = now.wall},
                                **identity, now);
    if (!added) return std::unexpected(added.error());
    wish = *added;
  } else if (wish->second.intent.token.audience() != options.audience) {
    return std::unexpected(Errc::wrong_audience);
  }
  const auto subscription = static_cast<SubscriptionId>(next_handle_++);
  wish->second.subscriptions.push_back(subscription);
  wish_of_.emplace(std::to_underlying(subscription), wish->first);
  ++subscriptions_;
  exchange_.add_subscription(subscription, wish->second.intent, options);
  for (const auto& [key, peer] : wish->second.matches)
    exchange_.on_matched(subscription, peer, now);
  return subscription;
}

void Engine::Impl::unsubscribe(SubscriptionId subscription, Instant now) {
  const auto wish = forget_handle(std::to_underlying(subscription));
  if (wish == wishes_.end()) return;
  std::erase(wish->second.subscriptions, subscription);
  --subscriptions_;
  exchange_.remove_subscription(subscription);
  release(wish, now);
}

void Engine::Impl::decline(SubscriptionId subscription, Instant now) {
  exchange_.decline(subscription);
  unsubscribe(subscription, now);
}

Result<PublisherId> Engine::Impl::advertise(std::string_view name, const PublishOptions& options,
                                            Instant now) {
  const auto subject = subject_of_application(name);
  if (!subject) return std::unexpected(subject.error());
  const auto identity = identities_.key_for(options.identity);
  if (!identity) return std::unexpected(identity.error());
  if (find_wish(*subject, (*identity)->public_key, IntentRole::send) != wishes_.end())
    return std::unexpected(Errc::limit_reached);
  const auto wish = add_wish({.subject = *subject,
                              .audience = options.audience,
                              .role = IntentRole::send,
                              .threshold = 0,
                              .issued_at = now.wall},
                             **identity, now);
  if (!wish) return std::unexpected(wish.error());
  const auto publisher = static_cast<PublisherId>(next_handle_++);
  const auto added = exchange_.add_publisher(publisher, (*wish)->second.intent, options);
  if (!added) {
    release(*wish, now);
    return std::unexpected(added.error());
  }
  (*wish)->second.publisher = publisher;
  wish_of_.emplace(std::to_underlying(publisher), (*wish)->first);
  return publisher;
}

void Engine::Impl::withdraw(PublisherId publisher, Instant now) {
  const auto wish = forget_handle(std::to_underlying(publisher));
  if (wish == wishes_.end()) return;
  wish->second.publisher.reset();
  exchange_.remove_publisher(publisher);
  release(wish, now);
}

/// The place of a subject; `Errc::reserved_name` if its name is not for applications.
Result<Fingerprint> Engine::Impl::subject_of_application(std::string_view name) const {
  if (is_reserved_subject(name)) return std::unexpected(Errc::reserved_name);
  return subject_id(config_.realm, name);
}

Engine::Impl::Wishes::iterator Engine::Impl::find_wish(const Fingerprint& subject,
                                                       const crypto::SigningPublicKey& identity,
                                                       IntentRole role) {
  const auto found = wish_about_.find({subject, identity, role});
  return found == wish_about_.end() ? wishes_.end() : wishes_.find(found->second);
}

/// The wish that a subscription or publisher, which is about to end, shares; `end` if it has ended.
Engine::Impl::Wishes::iterator Engine::Impl::forget_handle(std::uint32_t handle) {
  const auto node = wish_of_.extract(handle);
  return node.empty() ? wishes_.end() : wishes_.find(node.mapped());
}

Result<Engine::Impl::Wishes::iterator> Engine::Impl::add_wish(
    const IntentParams& what, const crypto::SigningKeyPair& identity, Instant now) {
  auto intent = issue_intent(what, identity);
  if (!intent) return std::unexpected(intent.error());
  const auto id = declarations_.add(*intent, identity, now);
  if (!id) return std::unexpected(id.error());
  wish_about_.emplace(std::tuple(what.subject, identity.public_key, what.role), *id);
  return wishes_
      .emplace(*id, Wish{.identity = &identity,
                         .intent = std::move(*intent),
                         .subscriptions = {},
                         .publisher = {},
                         .matches = {}})
      .first;
}

/// Withdraws the intent of a wish that nobody shares any more.
void Engine::Impl::release(Wishes::iterator wish, Instant now) {
  if (!wish->second.subscriptions.empty() || wish->second.publisher) return;
  declarations_.remove(wish->first, now);
  wish_about_.erase(
      {wish->second.intent.subject(), wish->second.identity->public_key, wish->second.intent.role});
  wishes_.erase(wish);
  if (peers_.only_exchange() == 0) return;
  const std::span<const Peer> peers = std::as_const(peers_).all();
  for (const Peer& peer : std::vector(peers.begin(), peers.end()))
    end_needless_session(book_->id(peer.contact), now);
}

Result<IntentToken> Engine::Impl::issue_intent(const IntentParams& what,
                                               const crypto::SigningKeyPair& identity) {
  IntentTokenParams params;
  params.realm = config_.realm;
  params.subject = what.subject;
  params.audience = what.audience;
  params.issued_at = what.issued_at;
  params.life = config_.intent_life;
  params.role = what.role;
  params.threshold = std::min(what.threshold, kIntentThresholdMax);
  params.node = local_.id;
  return issue_intent_token(params, identity, *config_.primitives->signatures, *random_);
}

}  // namespace kith::overlay
