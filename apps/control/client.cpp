#include "apps/control/client.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "apps/control/place.hpp"
#include "apps/failure.hpp"

namespace kith::apps {
namespace {

namespace json = boost::json;

constexpr Duration kAnswerTimeout = std::chrono::seconds(5);

std::string only_running() {
  const auto running = running_controls();
  if (running.empty())
    throw Failure(ExitCode::no_node,
                  "no node runs here; start one with: kith up (or name its socket by --control)");
  if (running.size() > 1)
    throw Failure(ExitCode::usage, fmt::format("several nodes run here; say which: --control {}",
                                               fmt::join(running, " | ")));
  return running.front();
}

Failure no_answer() { return {ExitCode::timed_out, "the node does not answer; is it stopped?"}; }

Descriptor connect(const std::string& path) {
  Descriptor socket = connect_control(path);
  if (!socket.is_open() && errno == kControlIsSilent) throw no_answer();
  if (!socket.is_open())
    throw Failure(ExitCode::no_node, fmt::format("no node answers at {}: {}; is it running?", path,
                                                 std::strerror(errno)));
  return socket;
}

void send_line(const Descriptor& socket, const std::string& line) {
  // At most `kControlRequestBytesMax`: they fit into the socket's buffer.
  if (::send(socket.get(), line.data(), line.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(line.size()))
    throw Failure(ExitCode::no_node, "the node hung up");
}

Duration wait_of(const ContactsRequest& request) {
  if (const auto* redeem = std::get_if<RedeemTicket>(&request)) return redeem->timeout;
  if (const auto* connect = std::get_if<ConnectContact>(&request)) return connect->timeout;
  return {};
}

/// How long the node may have to ask others before it answers.
Duration wait_of(const ControlRequest& request) {
  if (const auto* trace = std::get_if<AskTrace>(&request)) return trace->timeout;
  if (const auto* contacts = std::get_if<ContactsRequest>(&request)) return wait_of(*contacts);
  return {};
}

/// The line that the node answers; nothing more is to come.
std::string receive_line(const Descriptor& socket, Duration timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  std::string line;
  while (!line.ends_with('\n')) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd readable{.fd = socket.get(), .events = POLLIN, .revents = 0};
    if (left.count() <= 0 || ::poll(&readable, 1, static_cast<int>(left.count())) == 0)
      throw no_answer();
    char part[16'384];
    const ssize_t received = ::recv(socket.get(), part, sizeof(part), 0);
    if (received < 0 && errno == EINTR) continue;
    if (received <= 0 || line.size() > kControlAnswerBytesMax)
      throw Failure(ExitCode::no_node, "the node hung up");
    line.append(part, static_cast<std::size_t>(received));
  }
  return line;
}

ExitCode code_of(std::string_view error) {
  if (error == name(Errc::timed_out)) return ExitCode::timed_out;
  for (const Errc refusal : {Errc::refused, Errc::not_authorized, Errc::deferred})
    if (error == name(refusal)) return ExitCode::not_authorized;
  for (const Errc absence : {Errc::connection_refused, Errc::connection_lost, Errc::unreachable,
                             Errc::no_route, Errc::wrong_key, Errc::shutting_down})
    if (error == name(absence)) return ExitCode::no_node;
  return ExitCode::error;
}

/// What to say if the others did not answer the node in time; empty if it asks nobody else.
std::string_view complaint_about_silence(const ControlRequest& request) {
  if (std::holds_alternative<AskTrace>(request))
    return "no answer came over the overlay in time; --timeout waits longer";
  const auto* contacts = std::get_if<ContactsRequest>(&request);
  if (contacts == nullptr) return "";
  if (std::holds_alternative<RedeemTicket>(*contacts))
    return "the issuer did not answer in time; is its node running? --timeout waits longer";
  if (std::holds_alternative<ConnectContact>(*contacts))
    return "the contact did not answer in time; is its node running? --join-timeout waits longer";
  return "";
}

[[noreturn]] void fail_as_told(const json::object& answer, std::string_view about_silence) {
  const json::value* error = answer.if_contains("error");
  const json::value* code = answer.if_contains("code");
  if (error == nullptr || !error->is_string() || code == nullptr || !code->is_string())
    throw Failure(ExitCode::error, "the node answers in a way that this kith does not know");
  const std::string why(code->as_string());
  const ExitCode end = code_of(why);
  if (end == ExitCode::timed_out && !about_silence.empty())
    throw NodeFailure(end, std::string(about_silence), why);
  throw NodeFailure(end, fmt::format("the node says: {}", std::string_view(error->as_string())),
                    why);
}

}  // namespace

json::object ask_node(const std::string& path, const ControlRequest& request) {
  const Descriptor socket = connect(path.empty() ? only_running() : path);
  send_line(socket, json::serialize(to_json(request)) + '\n');
  json::error_code error;
  json::value value = json::parse(receive_line(socket, kAnswerTimeout + wait_of(request)), error);
  json::object* answer = error ? nullptr : value.if_object();
  if (answer == nullptr)
    throw Failure(ExitCode::error, "what answers there is no node of this kith");
  json::value* ok = answer->if_contains("ok");
  if (ok == nullptr || !ok->is_object()) fail_as_told(*answer, complaint_about_silence(request));
  return std::move(ok->as_object());
}

}  // namespace kith::apps
