#include "overlay/asio/runtime.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <boost/asio/strand.hpp>
#include <boost/asio/system_executor.hpp>
#include <kith/subject.hpp>

#include "overlay/asio/addresses.hpp"
#include "overlay/asio/clock.hpp"
#include "overlay/asio/keys.hpp"
#include "overlay/asio/listener.hpp"
#include "overlay/asio/profiles.hpp"
#include "overlay/asio/session_settings.hpp"
#include "tokens/verify.hpp"

namespace kith {
namespace {

namespace asio = boost::asio;
using overlay::Done;

/// How long a stop takes at most: to take leave, and to close the last connection in order.
constexpr Duration kStopTimeout = std::chrono::seconds(4);
/// How many peers of before are dialed at a start, besides those that are named.
constexpr std::size_t kKnownPeersMax = 8;

/// The identity token of `config`, if it will do for the keys in `engine`.
std::optional<IdentityToken> identity_token(const NodeConfig& config,
                                            const overlay::EngineConfig& engine) {
  if (config.identity_token.empty()) return std::nullopt;
  const auto fail = [](std::string_view why) {
    throw StartError("identity token: " + std::string(why));
  };
  auto identity = decode_identity_token(config.identity_token);
  if (!identity) fail("it cannot be read: " + std::string(describe(identity.error())));
  const auto& key = engine.identity_key ? *engine.identity_key : engine.node_key;
  if (identity->token.public_key() != key.public_key) fail("it is about another identity");
  if (identity->node != node_fingerprint(engine.node_key.public_key))
    fail("it names another node; give the keys of the node that it names");
  if (identity->token.realm() != config.realm) fail("it is of another realm");
  const auto valid =
      verify(identity->token, *engine.primitives->signatures, overlay::read_clocks().wall,
             engine.realm_leader ? &*engine.realm_leader : nullptr);
  if (!valid)
    fail(std::string(describe(valid.error())) + "; let the realm's leader make a new one");
  return std::move(*identity);
}

/// @pre the keys are there
overlay::EngineConfig engine_config(const NodeConfig& config) {
  const NodeKeys& keys = *config.keys;
  overlay::EngineConfig engine;
  engine.primitives = &crypto::sodium_primitives();
  engine.node_key = overlay::signing_key(keys.node_seed);
  engine.static_key = overlay::dh_key(keys.static_seed);
  if (config.identity_seed) engine.identity_key = overlay::signing_key(*config.identity_seed);
  for (const auto& seed : config.further_identity_seeds)
    engine.further_identities.push_back(overlay::signing_key(seed));
  engine.role = config.participation;
  engine.realm = config.realm;
  engine.realm_leader = config.realm_leader;
  engine.listener = overlay::listener_profile(config);
  engine.entrance_flow = overlay::flow_of(config.entrance_flow);
  engine.known_tokens = config.known_tokens;
  set_sessions(config, engine);
  if (!engine.realm_leader && config.policy)
    engine.realm_leader = config.policy->trusted_key(config.realm);
  engine.identity_token = identity_token(config, engine);
  for (const std::string& text : config.exempt_networks)
    engine.exempt_networks.push_back(overlay::resolve("exempt network", text).front());
  return engine;
}

std::shared_ptr<overlay::Keeper> open_keeper(const NodeConfig& config, overlay::Keeper::Log log) {
  if (config.store.empty()) return nullptr;
  return std::make_shared<overlay::Keeper>(config.store, std::move(log));
}

asio::any_io_executor one_at_a_time(const std::optional<asio::any_io_executor>& executor,
                                    const overlay::OwnThread* thread) {
  if (thread) return thread->executor();
  return asio::make_strand(*executor);
}

/// On whose behalf a node acts, first of all the one that it joins with.
std::vector<Fingerprint> identities_of(const NodeConfig& config) {
  std::vector<Fingerprint> identities{
      identity_of(config.identity_seed ? *config.identity_seed : config.keys->node_seed)};
  for (const auto& seed : config.further_identity_seeds) identities.push_back(identity_of(seed));
  return identities;
}

/// The subject's place, or a sentence about its name.
Fingerprint subject_of(const Fingerprint& realm, std::string_view name) {
  if (is_reserved_subject(name)) {
    throw StartError("subject '" + std::string(name.substr(0, kSubjectNameBytesMax)) +
                     "': names that begin with '" + std::string(kReservedSubjects) +
                     "' are for the overlay itself; choose another");
  }
  const auto subject = subject_id(realm, name);
  if (subject) return *subject;
  throw StartError("subject '" + std::string(name.substr(0, kSubjectNameBytesMax)) + "': " +
                   (name.empty() ? "it has no name"
                                 : std::string(describe(subject.error())) +
                                       "; a name is 1 to 255 bytes of UTF-8"));
}

}  // namespace

Node::Runtime::Runtime(NodeConfig& config, const std::optional<asio::any_io_executor>& executor,
                       std::vector<Address>& entrances)
    : realm_(config.realm),
      identities_(identities_of(config)),
      log_(std::move(config.log)),
      entrance_flow_(overlay::flow_of(config.entrance_flow)),
      questions_(std::make_shared<overlay::Questions>(
          std::move(config.answers), [this](const std::function<void()>& what) { run(what); })),
      registry_(overlay::EngineConfig().subscriptions_max),
      stopped_(std::make_shared<overlay::Outcome>()),
      thread_(executor ? nullptr : std::make_unique<overlay::OwnThread>()) {
  const auto serial = one_at_a_time(executor, thread_.get());
  auto acceptors = overlay::open_acceptors(serial, config.listen);
  overlay::EngineConfig made = engine_config(config);
  made.public_topics = questions_->topics();
  auto keeper =
      open_keeper(config, [this](LogLevel level, std::string_view line) { log(level, line); });
  if (keeper) {
    const WallTime now = overlay::read_clocks().wall;
    keeper->restore(made, entrances, now);
    std::ranges::move(keeper->known_peers(kKnownPeersMax, now), std::back_inserter(entrances));
  }
  driver_ = std::make_shared<overlay::Driver>(thread_ ? thread_->context() : nullptr, serial,
                                              std::move(made), std::move(acceptors));
  link_ = {driver_, executor.value_or(asio::system_executor())};
  block_list_ = std::make_shared<BlockList::State>(link_, keeper);
  contacts_ = std::make_shared<Contacts::State>(
      std::move(keeper), config.keys->node(),
      [this](const std::function<void()>& what) { return run(what); });
  policy_.emplace(config.policy ? std::move(config.policy) : open_policy(), driver_);
  application_.on_output = [this](overlay::Output& output, overlay::Engine& engine, Instant now) {
    on_output(output, engine, now);
  };
  application_.log = [this](LogLevel level, std::string_view line) { log(level, line); };
}

std::shared_ptr<Node::Runtime> Node::Runtime::start(
    NodeConfig&& config, const std::optional<asio::any_io_executor>& executor) {
  const overlay::SeedsWiped wiped(config);
  std::vector<Address> entrances;
  entrances.reserve(config.join.size());
  for (const std::string& text : config.join)
    entrances.push_back(overlay::parse_address("join", text));
  std::vector<Endpoint> advertised;
  for (const std::string& text : config.advertise) {
    for (const Endpoint& endpoint : overlay::resolve("advertise", text)) {
      if (endpoint.is_unspecified() || endpoint.port() == 0) {
        throw StartError("advertise: nobody can reach '" + text +
                         "': name an address and the port, like tcp://192.0.2.7:3141");
      }
      advertised.push_back(endpoint);
    }
  }

  if (!config.keys) config.keys = NodeKeys::generate();
  // Peers that it knows from before make no joiner of it.
  const bool founds = entrances.empty();
  const std::shared_ptr<Runtime> runtime(new Runtime(config, executor, entrances));
  runtime->self_ = runtime;
  runtime->contacts_->attach(
      runtime->link_, [weak = std::weak_ptr(runtime)](LogLevel level, std::string_view line) {
        if (const auto still = weak.lock()) still->log(level, line);
      });
  runtime->driver_->submit([contacts = runtime->contacts_](overlay::Engine& engine, Instant) {
    contacts->restore(engine);
  });
  runtime->driver_->start(std::shared_ptr<overlay::Application>(runtime, &runtime->application_),
                          std::move(entrances), std::move(advertised), founds);
  if (runtime->thread_) runtime->thread_->run();
  return runtime;
}

Node::Runtime::~Runtime() { stopped_->set({}); }

/// What the application asks for, or a sentence about what is wrong with it.
overlay::Registry::Wish Node::Runtime::wish_for(std::string_view subject,
                                                const std::optional<Fingerprint>& identity) const {
  const overlay::Registry::Wish wish{subject_of(realm_, subject),
                                     identity.value_or(identities_.front())};
  if (std::ranges::find(identities_, wish.identity) != identities_.end()) return wish;
  throw StartError("subject '" + std::string(subject) + "': " + wish.identity.to_string() +
                   " is none of this node's identities; give its seed to the node");
}

std::shared_ptr<Subscription::State> Node::Runtime::subscribe(
    std::string_view subject, std::function<void(const Message&)> on_message,
    SubscriptionOptions options) {
  const auto wish = wish_for(subject, options.identity);
  if (const auto added = registry_.add_subscription(wish, options.audience); !added) {
    throw StartError("subscribe to '" + std::string(subject) + "': " +
                     (added.error() == Errc::wrong_audience
                          ? "this node has a subscription to it for another audience"
                          : "this node has as many subscriptions as it may, to it or in all"));
  }
  const auto state = std::make_shared<Subscription::State>(
      link_, self_, std::string(subject), wish, std::move(on_message), std::move(options));
  driver_->submit([weak = self_, state](overlay::Engine& engine, Instant now) {
    const auto runtime = weak.lock();
    if (!runtime || state->ended) return;
    if (runtime->stopping_) {
      state->ended = Errc::shutting_down;
      return;
    }
    const overlay::SubscribeOptions wanted{.identity = state->wish.identity,
                                           .audience = state->options.audience,
                                           .credit = state->options.credit,
                                           .acknowledgement = state->options.acknowledgement};
    const auto added = engine.subscribe(state->name, wanted, now);
    if (!added) {
      state->ended = added.error();
      runtime->log(LogLevel::error, "cannot subscribe to " + state->name + ": " +
                                        std::string(describe(added.error())));
      return;
    }
    state->id = *added;
    runtime->subscriptions_.emplace(*added, state);
  });
  return state;
}

std::shared_ptr<Publisher::State> Node::Runtime::publisher(std::string_view subject,
                                                           PublisherOptions options) {
  const auto wish = wish_for(subject, options.identity);
  if (!registry_.add_publisher(wish))
    throw StartError("publisher of '" + std::string(subject) +
                     "': this node has one already, to be shared, or as many as it may have");
  const auto state = std::make_shared<Publisher::State>(link_, self_, wish, std::move(options));
  {
    const std::lock_guard lock(states_mutex_);
    std::erase_if(all_publishers_, [](const auto& publisher) { return publisher.expired(); });
    all_publishers_.push_back(state);
    if (stopping_) state->close(Errc::shutting_down);
  }
  driver_->submit(
      [weak = self_, state, name = std::string(subject)](overlay::Engine& engine, Instant now) {
        const auto runtime = weak.lock();
        if (!runtime || state->has_ended()) return;
        // Whoever takes leave may not know of it, and the engine forgets it all the same.
        if (runtime->stopping_) return state->end(engine, Errc::shutting_down);
        const PublisherOptions& wanted = state->options();
        const auto added = engine.advertise(name,
                                            {.identity = state->wish().identity,
                                             .audience = wanted.audience,
                                             .time_to_live = wanted.time_to_live,
                                             .resume_time = wanted.resume_time,
                                             .patience = wanted.patience,
                                             .queue_messages = wanted.queue_messages,
                                             .queue_bytes = wanted.queue_bytes},
                                            now);
        if (!added) {
          state->end(engine, added.error());
          runtime->log(LogLevel::error,
                       "cannot publish " + name + ": " + std::string(describe(added.error())));
          return;
        }
        state->begin(*added);
        runtime->publishers_.emplace(*added, state);
        state->move_on(engine, now);
      });
  return state;
}

void Node::Runtime::end(const std::shared_ptr<Subscription::State>& subscription) {
  subscription->is_over = true;
  driver_->submit([weak = self_, subscription](overlay::Engine& engine, Instant now) {
    subscription->ended = Errc::closed;
    const auto runtime = weak.lock();
    if (!runtime || !subscription->id) return;
    if (runtime->subscriptions_.erase(*subscription->id) > 0)
      engine.unsubscribe(*subscription->id, now);
  });
  registry_.remove_subscription(subscription->wish);
  driver_->wait_for_turn();
}

void Node::Runtime::end(const std::shared_ptr<Publisher::State>& publisher) {
  publisher->mute();
  driver_->submit([weak = self_, publisher](overlay::Engine& engine, Instant now) {
    const auto id = publisher->id();
    publisher->move_on(engine, now);
    publisher->end(engine, Errc::closed);
    const auto runtime = weak.lock();
    if (!runtime || !id) return;
    if (runtime->publishers_.erase(*id) > 0) engine.withdraw(*id, now);
  });
  registry_.remove_publisher(publisher->wish());
  driver_->wait_for_turn();
}

void Node::Runtime::wait_until_ready(Duration timeout, Done<> done) {
  const auto check = [driver = driver_.get()]() -> std::optional<Result<void>> {
    const bool ready =
        driver->look([](const overlay::Engine& engine) { return engine.is_ready(); });
    return ready ? std::optional<Result<void>>(Result<void>{}) : std::nullopt;
  };
  driver_->wait_for(check, timeout, std::move(done));
}

void Node::Runtime::trace(const Fingerprint& key, Duration timeout, Done<NodeTrace> done) {
  const auto command = [weak = self_, key](const overlay::Slot<NodeTrace>& slot,
                                           overlay::Engine& engine, Instant now) {
    if (const auto runtime = weak.lock()) runtime->traces_.emplace(engine.trace(key, now), slot);
  };
  overlay::ask(driver_, timeout, command, std::move(done));
}

NodeStatus Node::Runtime::status() const {
  const auto [status, failure] = driver_->look(
      [this](const overlay::Engine& engine) { return std::pair(engine.status(), join_failure_); });
  return {.node = status.node,
          .identity = status.identity,
          .ready = status.ready,
          .sessions = status.sessions,
          .half_open = status.half_open,
          .spares = status.spares,
          .clients = status.clients,
          .intents_held = status.intents_held,
          .subjects_coordinated = status.subjects_coordinated,
          .subscriptions = status.subscriptions,
          .publishers = status.publishers,
          .network_size_estimate = status.network_size_estimate,
          .routed = status.routed,
          .bytes_in = status.bytes_in,
          .bytes_out = status.bytes_out,
          .callback_failures = callback_failures_,
          .join_failure = failure ? std::optional(failure->why) : std::nullopt,
          .join_step = failure ? std::optional(failure->step) : std::nullopt};
}

void Node::Runtime::begin_stop() {
  std::vector<std::weak_ptr<Publisher::State>> publishers;
  {
    const std::lock_guard lock(states_mutex_);
    if (stopping_.exchange(true)) return;
    publishers = all_publishers_;
  }
  for (const auto& weak : publishers)
    if (const auto publisher = weak.lock()) publisher->close(Errc::shutting_down);
  // They may outlive this, and must not ask the engine for what it has forgotten.
  driver_->leave([weak_self = self_, publishers](overlay::Engine& engine, Instant) {
    for (const auto& weak : publishers)
      if (const auto publisher = weak.lock()) publisher->end(engine, Errc::shutting_down);
    if (const auto runtime = weak_self.lock()) runtime->forget_all();
  });
}

void Node::Runtime::forget_all() {
  for (const auto& [id, subscription] : subscriptions_) subscription->ended = Errc::shutting_down;
  publishers_.clear();
  subscriptions_.clear();
}

void Node::Runtime::stop() {
  begin_stop();
  // In a callback there is nothing to wait with: the node goes on when it returns.
  if (!driver_->is_in_turn()) static_cast<void>(stopped_->wait_for(kStopTimeout));
}

void Node::Runtime::mute() {
  muted_ = true;
  driver_->wait_for_turn();
}

}  // namespace kith
