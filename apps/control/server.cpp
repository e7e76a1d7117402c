#include "apps/control/server.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <iterator>
#include <list>
#include <string_view>
#include <thread>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <kith/asio.hpp>

#include "apps/control/contact_answers.hpp"
#include "apps/control/place.hpp"
#include "apps/control/protocol.hpp"

namespace kith::apps {
namespace {

namespace asio = boost::asio;
using asio::local::stream_protocol;

using namespace asio::experimental::awaitable_operators;

constexpr std::size_t kConnectionsMax = 16;
/// How many may wait for tickets, contacts and blocks at a time; others wait for them.
constexpr std::size_t kWorkers = 4;
/// How long a connection may say nothing.
constexpr std::chrono::seconds kIdleTimeout{60};
constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

}  // namespace

class ControlServer::Loop {
 public:
  Loop(std::string path, Node& node)
      : path_(std::move(path)),
        node_(node),
        acceptor_(context_, stream_protocol(), listen_control(path_).release()) {
    ::lstat(path_.c_str(), &file_);
    asio::co_spawn(context_, accept(), asio::detached);
    thread_ = std::jthread([this] { context_.run(); });
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop() {
    asio::post(context_, [this] { hang_up(); });
    thread_.join();
    remove_file();
  }

 private:
  using Sockets = std::list<stream_protocol::socket>;

  /// Only if it is still ours: another node may have taken the place.
  void remove_file() const {
    struct stat now{};
    if (::lstat(path_.c_str(), &now) == 0 && now.st_dev == file_.st_dev &&
        now.st_ino == file_.st_ino)
      ::unlink(path_.c_str());
  }

  /// Whoever serves comes to an end by it.
  void hang_up() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    for (auto& socket : sockets_) socket.close(ignored);
  }

  asio::awaitable<void> accept() {
    for (;;) {
      auto [error, socket] = co_await acceptor_.async_accept(kAsTuple);
      if (!acceptor_.is_open()) co_return;
      if (error) {
        // Out of descriptors, most likely: they come back.
        asio::steady_timer pause(context_, std::chrono::milliseconds(100));
        co_await pause.async_wait(kAsTuple);
        continue;
      }
      // One too many is closed at once, which its owner sees.
      if (sockets_.size() == kConnectionsMax) continue;
      sockets_.push_back(std::move(socket));
      asio::co_spawn(context_, serve(std::prev(sockets_.end())), asio::detached);
    }
  }

  asio::awaitable<void> serve(Sockets::iterator socket) {
    asio::steady_timer idle(context_);
    std::string waiting;
    for (;;) {
      idle.expires_after(kIdleTimeout);
      const auto first = co_await (
          asio::async_read_until(*socket, asio::dynamic_buffer(waiting, kControlRequestBytesMax),
                                 '\n', kAsTuple) ||
          idle.async_wait(kAsTuple));
      if (first.index() != 0) break;
      const auto [error, bytes] = std::get<0>(first);
      if (error) break;
      const std::string line = waiting.substr(0, bytes - 1);
      waiting.erase(0, bytes);
      const std::string reply = co_await answer(line);
      const auto [write_error, written] =
          co_await asio::async_write(*socket, asio::buffer(reply), kAsTuple);
      if (write_error) break;
    }
    sockets_.erase(socket);
  }

  asio::awaitable<std::string> answer(std::string_view line) {
    const auto request = parse_request(line);
    if (!request) co_return error_line(Errc::protocol_error, request.error());
    if (std::holds_alternative<AskStatus>(*request))
      co_return answer_line(to_json(node_.status(), node_.addresses()));
    if (std::holds_alternative<AskPeers>(*request)) co_return answer_line(to_json(node_.peers()));
    if (const auto* contacts = std::get_if<ContactsRequest>(&*request))
      co_return co_await asio::co_spawn(workers_, answer_apart(node_.contacts(), *contacts),
                                        asio::use_awaitable);
    if (const auto* blocks = std::get_if<BlocksRequest>(&*request))
      co_return co_await asio::co_spawn(workers_, answer_apart(node_.block_list(), *blocks),
                                        asio::use_awaitable);
    const auto& ask = std::get<AskTrace>(*request);
    const auto trace = co_await async_trace(node_, ask.subject, ask.timeout, asio::use_awaitable);
    if (!trace) co_return error_line(trace.error(), describe(trace.error()));
    co_return answer_line(to_json(ask.subject, *trace));
  }

  /// Waits where that holds up nobody else.
  template <class About, class Request>
  static asio::awaitable<std::string> answer_apart(About about, Request request) {
    co_return answer_about(std::move(about), request);
  }

  const std::string path_;
  Node& node_;
  asio::thread_pool workers_{kWorkers};
  asio::io_context context_{1};
  stream_protocol::acceptor acceptor_;
  struct stat file_{};
  Sockets sockets_;
  std::jthread thread_;
};

ControlServer::ControlServer(const std::string& path, Node& node)
    : loop_(std::make_unique<Loop>(path, node)) {}

ControlServer::~ControlServer() = default;

}  // namespace kith::apps
