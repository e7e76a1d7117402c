#include "overlay/engine.hpp"

#include <algorithm>
#include <utility>

#include "core/earliest.hpp"
#include "overlay/engine_impl.hpp"
#include "overlay/machine_configs.hpp"
#include "routing/admission.hpp"
#include "tokens/verify.hpp"

namespace kith::overlay {
namespace {

/// Key pairs made beforehand at each wake-up: about a millisecond's work.
constexpr std::size_t kEphemeralsAtOnce = 4;
/// The last part of the time for leaving is for the farewell.  Before it a withdrawal that is not
/// answered has gone over a second relay.
constexpr int kFarewellPart = 4;

SipKey draw_key(Random& random) {
  SipKey key;
  random.fill(key);
  return key;
}

}  // namespace

Engine::Impl::Impl(EngineConfig config, Random& random, Instant now)
    : config_(std::move(config)),
      identities_(joining_key(config_), config_.further_identities),
      random_(&random),
      signatures_(*config_.primitives->signatures),
      blocks_(config_.blocked),
      session_config_(session_config(config_)),
      table_config_(table_config(config_)),
      own_book_(config_.contacts ? nullptr : std::make_unique<ContactBook>(draw_key(random))),
      book_(config_.contacts ? config_.contacts : own_book_.get()),
      self_(issue_token(now)),
      table_(table_config_, book_->ids(), self_, draw_key(random)),
      judgements_(
          judgements_config(config_, signatures_, identities_.find(config_.realm) != nullptr),
          random),
      membership_(membership_config(config_, signatures_),
                  {*book_, table_, peers_, random, judgements_}, now.time),
      liveness_(liveness_config(config_), peers_, random),
      router_(router_config(config_), local_.id, table_, *book_, peers_),
      coordinator_(coordinator_config(config_), table_, signatures_),
      declarations_(declarations_config(config_), config_.node_key, signatures_, random),
      exchange_(exchange_config(config_, signatures_), random),
      queries_(queries_config(config_)),
      first_contact_(first_contact_config(config_, identities_, signatures_), random),
      relations_(relations_config(config_, identities_, signatures_, blocks_)),
      needs_(random),
      limiter_(config_.connection_limits, config_.exempt_networks),
      dial_clock_(config_.last_dial_time) {
  local_.primitives = config_.primitives;
  local_.static_key = &config_.static_key;
  local_.node_key = &config_.node_key;
  local_.network = config_.realm;
  local_.buffers = &buffers_;
  local_.ephemerals = &ephemerals_;
  for (const auto& [key, time] : config_.known_dial_times) replay_guard_.remember(key, time);
  config_.known_dial_times = {};
  for (const Bytes& token : config_.known_tokens)
    static_cast<void>(book_->learn(token, config_.realm, signatures_, now.wall));
  config_.known_tokens = {};
  config_.blocked = {};
  if (const crypto::SigningKeyPair* leader = identities_.find(config_.realm)) {
    leader_.emplace(RealmLeaderConfig{.realm = config_.realm, .signatures = &signatures_}, *leader);
    static_cast<void>(declare_to_leader(IntentRole::receive, *leader, now));
  }
}

void Engine::Impl::set_endpoints(std::vector<Endpoint> endpoints, Instant now) {
  if (endpoints.size() > kTokenEndpointsMax) endpoints.resize(kTokenEndpointsMax);
  if (endpoints == endpoints_) return;
  endpoints_ = std::move(endpoints);
  renew_token(now);
}

/// The peers hear of a new token at once: it is from them that others learn of us.
void Engine::Impl::renew_token(Instant now) {
  issue_token(now);
  std::vector<ConnectionId> connections;
  for (const Peer& peer : peers_.all()) connections.push_back(peer.connection);
  const Bytes update = encode_update(local_.token);
  for (const ConnectionId connection : connections) send(connection, update, now);
  exchange_.set_reachability(book_->token(self_).reachability);
  if (attached_) declarations_.set_node(book_->token(self_), relays_, now);
}

void Engine::Impl::join(const JoinTarget& target, Instant now) {
  membership_.enter(target, now.time);
}

TraceId Engine::Impl::trace(const Fingerprint& key, Instant now) {
  const auto trace = static_cast<TraceId>(next_trace_++);
  RouteRequest request;
  request.key = key;
  request.recorded = true;
  request.payload = encode_bare(MessageKind::trace);
  const RequestId id = router_.route(std::move(request), now.time);
  askers_.emplace(id, Asker{.of = Asker::Of::trace, .trace = trace, .key = key});
  return trace;
}

void Engine::Impl::on_verdict(QuestionId question, Verdict verdict, Instant now) {
  if (const auto asked = join_questions_.extract(question))
    on_join_verdict(asked.mapped(), verdict, now);
  if (const auto asked = session_questions_.extract(question))
    on_session_verdict(asked.mapped(), verdict == Verdict::yes, now);
  if (const auto asked = leader_questions_.extract(question))
    leader_->on_verdict(asked.mapped(), verdict, now);
  if (const auto asked = exchange_questions_.extract(question)) {
    asked_by_exchange_.erase(asked.mapped());
    exchange_.on_verdict(asked.mapped(), verdict == Verdict::yes, now);
  }
  if (const auto asked = coordinator_questions_.extract(question))
    coordinator_.on_verdict(asked.mapped(), verdict, now);
  on_relation_verdict(question, verdict == Verdict::yes, now);
}

void Engine::Impl::leave(Instant now) {
  if (leave_by_) return;
  leave_by_ = now.time + config_.leave_timeout;
  while (!wishes_.empty()) {
    const auto wish = wishes_.begin();
    for (const SubscriptionId subscription : wish->second.subscriptions)
      exchange_.remove_subscription(subscription);
    if (wish->second.publisher) exchange_.remove_publisher(*wish->second.publisher);
    declarations_.remove(wish->first, now);
    wishes_.erase(wish);
  }
  subscriptions_ = 0;
  needs_.clear();
}

/// The coordinators hear of it first, then the peers, then the connections are closed.
bool Engine::Impl::step_leaving(Instant now) {
  if (!leave_by_ || left_) return false;
  const TimePoint farewell_by = *leave_by_ - config_.leave_timeout / kFarewellPart;
  if (!farewell_said_) {
    if (declarations_.is_withdrawing() && peers_.size() > 0 && now.time < farewell_by) return false;
    farewell_said_ = true;
    // Whoever hears that we leave hears nothing that comes behind it.
    for (const Peer& peer : peers_.all()) finish_exchange(*connections_.find(peer.connection), now);
    membership_.leave();
    return true;
  }
  if (now.time < *leave_by_) {
    for (const auto& connection : connections_.all()) {
      if (connection->closed || connection->closing_because) continue;
      close(connection->id, CloseReason::shutdown, Errc::shutting_down, now);
      return true;
    }
    if (connections_.size() > 0) return false;
  }
  while (connections_.size() > 0) drop(connections_.all().front()->id, Errc::shutting_down, now);
  left_ = true;
  outputs_.emplace_back(Left{});
  return true;
}

void Engine::Impl::on_deadline(Instant now) {
  expire_sessions(now);
  membership_.on_deadline(now.time);
  judgements_.on_deadline(now);
  if (leader_) leader_->on_deadline(now.time);
  liveness_.on_deadline([this](const Peer& peer) { return patience_with(peer); }, now.time);
  router_.on_deadline(now.time);
  coordinator_.on_deadline(now);
  declarations_.on_deadline(now);
  exchange_.on_deadline(now);
  relations_.on_deadline(now);
  dial_needed(now);
  while (const auto contact = convergence_.pop_due(now.time)) converging_.insert(*contact);
  renew_token_if_due(now);
  forget_unused();
  refresh_attachment(now);
  // Nobody knocks where nobody listens.
  if (!endpoints_.empty() && in_line_.empty())
    ephemerals_.fill(*config_.primitives->dh, *random_, kEphemeralsAtOnce);
}

std::optional<TimePoint> Engine::Impl::next_deadline() const {
  if (left_) return std::nullopt;
  std::optional<TimePoint> farewell_by;
  if (leave_by_ && !farewell_said_)
    farewell_by = *leave_by_ - config_.leave_timeout / kFarewellPart;
  return earliest({renew_token_at_, connections_.next_look(), membership_.next_deadline(),
                   judgements_.next_deadline(), leader_ ? leader_->next_deadline() : std::nullopt,
                   liveness_.next_deadline(), router_.next_deadline(), coordinator_.next_deadline(),
                   declarations_.next_deadline(), exchange_.next_deadline(),
                   relations_.next_deadline(), convergence_.next(),
                   leave_by_ ? std::nullopt : needs_.next_deadline(), farewell_by, leave_by_});
}

bool Engine::Impl::step(Instant now) {
  // What a message led to comes before the next message, whose bytes may take its place.
  return step_pubsub(now) || step_relations(now) || step_overlay(now) || step_realm(now) ||
         step_sessions(now) || step_leaving(now);
}

std::optional<Output> Engine::Impl::poll_output(Instant now) {
  for (;;) {
    while (outputs_.empty())
      if (!step(now)) return std::nullopt;
    Output output = std::move(outputs_.front());
    outputs_.pop_front();
    const auto* asked = std::get_if<AskPolicy>(&output);
    if (!asked || !is_about_blocked(asked->what, now.wall)) return output;
    on_verdict(asked->question, Verdict::no, now);
  }
}

Status Engine::Impl::status() const {
  Status status;
  status.node = local_.id;
  status.identity = identity_fingerprint(identity_key().public_key);
  status.ready = is_ready();
  status.sessions = peers_.size();
  status.exchange_sessions = peers_.only_exchange();
  status.half_open = limiter_.half_open();
  status.spares = table_.spares().size();
  status.contacts = book_->size();
  status.clients = static_cast<std::size_t>(
      std::ranges::count(peers_.all(), Participation::client, &Peer::role));
  status.intents_held = coordinator_.intents_held();
  status.subjects_coordinated = coordinator_.subjects_coordinated();
  status.subscriptions = subscriptions_;
  status.publishers = static_cast<std::size_t>(std::ranges::count_if(
      wishes_, [](const auto& entry) { return entry.second.publisher.has_value(); }));
  status.network_size_estimate =
      config_.role == Participation::member ? table_.estimated_nodes() : 0;
  status.routed = router_.routed();
  status.bytes_in = bytes_in_;
  status.bytes_out = bytes_out_;
  return status;
}

std::vector<PeerInfo> Engine::Impl::peers(Instant now) const {
  std::vector<PeerInfo> peers;
  for (const Peer& peer : peers_.all()) {
    PeerInfo info;
    info.node = book_->id(peer.contact);
    info.endpoint = connections_.find(peer.connection)->endpoint;
    info.is_client = peer.role == Participation::client;
    info.dialed_by_us = peer.dialed_by_us;
    info.in_table = table_.is_peer(peer.contact) && routing::is_needed(table_, peer.contact);
    info.missed_pings = static_cast<int>(peer.health.missed_pings());
    info.round_trip = peer.health.rtt();
    info.connected_for = now.time - peer.joined_at;
    peers.push_back(info);
  }
  return peers;
}

ByteView Engine::Impl::token_of(const Fingerprint& node) const {
  const auto contact = book_->find(node);
  return contact ? book_->token(*contact).token.raw() : ByteView();
}

void Engine::Impl::sanity_check() const {
  table_.sanity_check();
  coordinator_.sanity_check();
  declarations_.sanity_check();
  exchange_.sanity_check();
  relations_.sanity_check();
  judgements_.sanity_check();
  for (const Peer& peer : peers_.all()) {
    const Connection* connection = connections_.find(peer.connection);
    KITH_ASSERT(connection && connection->joined && connection->contact == peer.contact);
    KITH_ASSERT(connection->dialed == peer.dialed_by_us);
    KITH_ASSERT(std::ssize(connections_of(peer.contact)) == peer.sessions);
  }
  KITH_ASSERT(asked_by_exchange_.size() == exchange_questions_.size());
  for (const auto& [question, asked] : exchange_questions_) KITH_ASSERT(exchange_.waits_for(asked));
}

Engine::Engine(EngineConfig config, Random& random, Instant now)
    : impl_(std::make_unique<Impl>(std::move(config), random, now)) {}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

void Engine::set_endpoints(std::vector<Endpoint> endpoints, Instant now) {
  impl_->set_endpoints(std::move(endpoints), now);
}
void Engine::join(const JoinTarget& target, Instant now) { impl_->join(target, now); }
void Engine::forget_entrance(const JoinTarget& target) { impl_->forget_entrance(target); }
Result<SubscriptionId> Engine::subscribe(std::string_view subject, const SubscribeOptions& options,
                                         Instant now) {
  return impl_->subscribe(subject, options, now);
}
void Engine::unsubscribe(SubscriptionId subscription, Instant now) {
  impl_->unsubscribe(subscription, now);
}
void Engine::acknowledge(SubscriptionId subscription, std::uint64_t count) {
  impl_->acknowledge(subscription, count);
}
void Engine::decline(SubscriptionId subscription, Instant now) {
  impl_->decline(subscription, now);
}
Result<PublisherId> Engine::advertise(std::string_view subject, const PublishOptions& options,
                                      Instant now) {
  return impl_->advertise(subject, options, now);
}
void Engine::withdraw(PublisherId publisher, Instant now) { impl_->withdraw(publisher, now); }
Result<void> Engine::publish(PublisherId publisher, ByteView payload, Instant now) {
  return impl_->publish(publisher, payload, now);
}
TraceId Engine::trace(const Fingerprint& key, Instant now) { return impl_->trace(key, now); }
void Engine::on_verdict(QuestionId question, Verdict verdict, Instant now) {
  impl_->on_verdict(question, verdict, now);
}
void Engine::leave(Instant now) { impl_->leave(now); }
std::optional<ConnectionId> Engine::on_accepted(const Endpoint& from, Instant now) {
  return impl_->on_accepted(from, now);
}
void Engine::on_connected(ConnectionId connection, Instant now) {
  impl_->on_connected(connection, now);
}
void Engine::on_connect_failed(ConnectionId connection, Instant now, Errc why) {
  impl_->on_connect_failed(connection, now, why);
}
void Engine::on_bytes(ConnectionId connection, ByteView bytes, Instant now) {
  impl_->on_bytes(connection, bytes, now);
}
void Engine::on_end_of_stream(ConnectionId connection, Instant now) {
  impl_->on_end_of_stream(connection, now);
}
void Engine::on_connection_lost(ConnectionId connection, Instant now) {
  impl_->on_connection_lost(connection, now);
}
void Engine::on_deadline(Instant now) { impl_->on_deadline(now); }
std::optional<Output> Engine::poll_output(Instant now) { return impl_->poll_output(now); }
void Engine::take_bytes(ConnectionId connection, std::size_t most, Bytes& out, Instant now) {
  impl_->take_bytes(connection, most, out, now);
}
std::optional<TimePoint> Engine::next_deadline() const { return impl_->next_deadline(); }
const Fingerprint& Engine::id() const { return impl_->id(); }
ByteView Engine::node_token() const { return impl_->node_token(); }
bool Engine::is_ready() const { return impl_->is_ready(); }
Status Engine::status() const { return impl_->status(); }
std::vector<PeerInfo> Engine::peers(Instant now) const { return impl_->peers(now); }
PublisherInfo Engine::publisher(PublisherId publisher) const { return impl_->publisher(publisher); }
ByteView Engine::token_of(const Fingerprint& node) const { return impl_->token_of(node); }
void Engine::sanity_check() const { impl_->sanity_check(); }

}  // namespace kith::overlay
