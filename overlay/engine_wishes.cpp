// The part of the engine that has to do with what the application wishes to send and receive.

#include <algorithm>
#include <utility>

#include <kith/subject.hpp>

#include "overlay/engine_impl.hpp"
#include "tokens/issue.hpp"

namespace kith::overlay {

Result<SubscriptionId> Engine::Impl::subscribe(std::string_view name,
                                               const SubscribeOptions& options, Instant now) {
  const auto subject = subject_of_application(name);
  if (!subject) return std::unexpected(subject.error());
  if (subscriptions_ >= config_.subscriptions_most) return std::unexpected(Errc::limit_reached);
  auto wish = find_wish(*subject, IntentRole::receive);
  if (wish == wishes_.end()) {
    auto intent =
        issue_intent(*subject, options.audience, IntentRole::receive, options.credit, now.wall);
    if (!intent) return std::unexpected(intent.error());
    const auto id = declarations_.add(*intent, now);
    if (!id) return std::unexpected(id.error());
    wish = add_wish(*id, std::move(*intent));
  } else if (wish->second.intent.token.audience() != options.audience) {
    return std::unexpected(Errc::wrong_audience);
  }
  const auto subscription = static_cast<SubscriptionId>(next_handle_++);
  wish->second.subscriptions.push_back(subscription);
  wish_of_.emplace(std::to_underlying(subscription), wish->first);
  ++subscriptions_;
  exchange_.add_subscription(subscription, wish->second.intent, options, now);
  for (const auto& [key, peer] : wish->second.matches)
    exchange_.on_matched(subscription, peer, now);
  return subscription;
}

void Engine::Impl::unsubscribe(SubscriptionId subscription, Instant now) {
  const auto wish = forget_handle(std::to_underlying(subscription));
  if (wish == wishes_.end()) return;
  std::erase(wish->second.subscriptions, subscription);
  --subscriptions_;
  exchange_.remove_subscription(subscription, now);
  release(wish, now);
}

Result<PublisherId> Engine::Impl::advertise(std::string_view name, const PublishOptions& options,
                                            Instant now) {
  const auto subject = subject_of_application(name);
  if (!subject) return std::unexpected(subject.error());
  if (find_wish(*subject, IntentRole::send) != wishes_.end())
    return std::unexpected(Errc::limit_reached);
  auto intent = issue_intent(*subject, options.audience, IntentRole::send, 0, now.wall);
  if (!intent) return std::unexpected(intent.error());
  const auto id = declarations_.add(*intent, now);
  if (!id) return std::unexpected(id.error());
  const auto publisher = static_cast<PublisherId>(next_handle_++);
  const auto added = exchange_.add_publisher(publisher, *intent, options, now);
  if (!added) {
    declarations_.remove(*id, now);
    return std::unexpected(added.error());
  }
  add_wish(*id, std::move(*intent))->second.publisher = publisher;
  wish_of_.emplace(std::to_underlying(publisher), *id);
  return publisher;
}

void Engine::Impl::withdraw(PublisherId publisher, Instant now) {
  const auto wish = forget_handle(std::to_underlying(publisher));
  if (wish == wishes_.end()) return;
  wish->second.publisher.reset();
  exchange_.remove_publisher(publisher, now);
  release(wish, now);
}

/// The place of a subject; `Errc::reserved_name` if its name is not for applications.
Result<Fingerprint> Engine::Impl::subject_of_application(std::string_view name) const {
  if (is_reserved_subject(name)) return std::unexpected(Errc::reserved_name);
  return subject_id(config_.realm, name);
}

Engine::Impl::Wishes::iterator Engine::Impl::find_wish(const Fingerprint& subject,
                                                       IntentRole role) {
  const auto found = wish_about_.find({subject, role});
  return found == wish_about_.end() ? wishes_.end() : wishes_.find(found->second);
}

Engine::Impl::Wishes::iterator Engine::Impl::add_wish(Declarations::Id id, IntentToken intent) {
  wish_about_.emplace(std::pair(intent.subject(), intent.role), id);
  return wishes_
      .emplace(
          id,
          Wish{.intent = std::move(intent), .subscriptions = {}, .publisher = {}, .matches = {}})
      .first;
}

/// The wish that a subscription or publisher, which is about to end, shares; `end` if it has ended.
Engine::Impl::Wishes::iterator Engine::Impl::forget_handle(std::uint32_t handle) {
  const auto node = wish_of_.extract(handle);
  return node.empty() ? wishes_.end() : wishes_.find(node.mapped());
}

/// Withdraws the intent of a wish that nobody shares any more.
void Engine::Impl::release(Wishes::iterator wish, Instant now) {
  if (!wish->second.subscriptions.empty() || wish->second.publisher) return;
  declarations_.remove(wish->first, now);
  wish_about_.erase({wish->second.intent.subject(), wish->second.intent.role});
  wishes_.erase(wish);
  if (peers_.only_exchange() == 0) return;
  const std::span<const Peer> peers = std::as_const(peers_).all();
  for (const Peer& peer : std::vector(peers.begin(), peers.end()))
    end_needless_session(book_->id(peer.contact), now);
}

Result<IntentToken> Engine::Impl::issue_intent(const Fingerprint& subject,
                                               const Fingerprint& audience, IntentRole role,
                                               std::uint32_t threshold, WallTime issued_at) {
  IntentTokenParams params;
  params.realm = config_.realm;
  params.subject = subject;
  params.audience = audience;
  params.issued_at = issued_at;
  params.life = config_.intent_life;
  params.role = role;
  params.threshold = std::min(threshold, kIntentThresholdMax);
  params.node = local_.id;
  return issue_intent_token(params, identity_key(), *config_.primitives->signatures, *random_);
}

}  // namespace kith::overlay
