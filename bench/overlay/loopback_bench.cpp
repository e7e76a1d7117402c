// Two processes on loopback, one publishing to the other: messages a second and round trips, beside
// the limit, which is TCP by Asio with ChaCha20-Poly1305 over batches of 64 KiB and nothing else.
//
//     loopback_bench [rounds [MiB of a figure]]
//
// Prints the median of each figure, and what both processes spent of the processors for it, start
// and join included; rounds of both kinds alternate, because machines are noisy.

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <kith/node.hpp>

#include "core/assert.hpp"
#include "core/crypto/sodium.hpp"

namespace kith {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kBatchBytes = std::size_t{64} << 10;
constexpr std::size_t kTagBytes = crypto::Cipher::kTagBytes;
constexpr std::size_t kPingBytes = 16;
constexpr int kPings = 5'000;
constexpr Duration kPatience = std::chrono::seconds(60);

/// No figure is taken over more messages than this.
constexpr std::size_t kMessagesPerRound = 4'000'000;

/// What a figure is taken over: so many messages of one length.
struct Load {
  std::size_t bytes;
  std::size_t count;
};

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Another process: it runs `body`, which says one line and returns when its input ends.
class Child {
 public:
  struct Ends {
    int say;
    int end_of_input;
  };

  explicit Child(const std::function<void(const Ends&)>& body) {
    std::array<int, 2> said{};
    std::array<int, 2> input{};
    KITH_ASSERT(pipe(said.data()) == 0 && pipe(input.data()) == 0);
    process_ = fork();
    KITH_ASSERT(process_ >= 0);
    if (process_ == 0) {
      close(said[0]);
      close(input[1]);
      body({said[1], input[0]});
      std::_Exit(0);
    }
    close(said[1]);
    close(input[0]);
    input_ = input[1];
    for (char c = 0; read(said[0], &c, 1) == 1 && c != '\n';) line_ += c;
    close(said[0]);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    close(input_);
    waitpid(process_, nullptr, 0);
  }

  [[nodiscard]] const std::string& line() const { return line_; }

 private:
  pid_t process_ = 0;
  int input_ = 0;
  std::string line_;
};

void say(int end, std::string line) {
  line += '\n';
  KITH_ASSERT(write(end, line.data(), line.size()) == static_cast<ssize_t>(line.size()));
}

void await_end(int end) {
  char c = 0;
  static_cast<void>(read(end, &c, 1));
}

NodeConfig on_loopback(std::vector<std::string> join) {
  NodeConfig config;
  config.join = std::move(join);
  config.listen = {"tcp://127.0.0.1:0"};
  return config;
}

/// A node that receives "data" and sends every "ping" back as "pong".
void receive(const Child::Ends& ends) {
  Node node(on_loopback({}));
  std::atomic<std::size_t> bytes = 0;
  auto pong = node.publisher("pong");
  const auto data = node.subscribe("data", [&](const Message& m) { bytes += m.payload.size(); });
  const auto ping =
      node.subscribe("ping", [&](const Message& m) { KITH_ASSERT(pong.publish(m.payload)); });
  say(ends.say, node.addresses().front());
  await_end(ends.end_of_input);
}

double kith_messages_per_second(const Load& load) {
  const Child child(receive);
  Node node(on_loopback({child.line()}));
  auto publisher = node.publisher("data");
  KITH_ASSERT(publisher.wait_for_match(kPatience));
  const Bytes payload(load.bytes, 0x5a);
  const auto begin = Clock::now();
  for (std::size_t i = 0; i < load.count; ++i) KITH_ASSERT(publisher.publish(payload));
  KITH_ASSERT(publisher.drain(kPatience));
  return static_cast<double>(load.count) / seconds_since(begin);
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

double kith_round_trip_microseconds() {
  const Child child(receive);
  Node node(on_loopback({child.line()}));
  std::mutex mutex;
  std::condition_variable finished;
  std::vector<double> times;
  auto begin = Clock::now();
  auto ping = node.publisher("ping");
  const Bytes payload(kPingBytes, 0x5a);
  auto pong = node.subscribe("pong", [&](const Message&) {
    const std::lock_guard lock(mutex);
    times.push_back(seconds_since(begin) * 1e6);
    if (times.size() == kPings) return finished.notify_all();
    begin = Clock::now();
    KITH_ASSERT(ping.publish(payload));
  });
  KITH_ASSERT(ping.wait_for_match(kPatience) && pong.wait_for_match(kPatience));
  std::unique_lock lock(mutex);
  begin = Clock::now();
  KITH_ASSERT(ping.publish(payload));
  finished.wait(lock, [&] { return times.size() == kPings; });
  return median(times);
}

/// Both ends of the limit: batches with their length, sealed.
class SealedStream {
 public:
  explicit SealedStream(tcp::socket socket) : socket_(std::move(socket)) {
    socket_.set_option(tcp::no_delay(true));
  }

  void send(ByteView batch) {
    const auto length = static_cast<std::uint32_t>(batch.size() + kTagBytes);
    out_.resize(sizeof(length) + length);
    std::memcpy(out_.data(), &length, sizeof(length));
    crypto::chacha20_poly1305().seal(key_, sent_++, {}, batch,
                                     MutableByteView(out_).subspan(sizeof(length)));
    asio::write(socket_, asio::buffer(out_));
  }

  /// The next batch; nothing at the end of the stream.
  [[nodiscard]] ByteView receive() {
    std::uint32_t length = 0;
    boost::system::error_code error;
    asio::read(socket_, asio::buffer(&length, sizeof(length)), error);
    if (error) return {};
    in_.resize(length);
    asio::read(socket_, asio::buffer(in_));
    const MutableByteView plain = MutableByteView(in_).first(length - kTagBytes);
    KITH_ASSERT(crypto::chacha20_poly1305().open(key_, received_++, {}, in_, plain));
    return plain;
  }

 private:
  tcp::socket socket_;
  crypto::CipherKey key_;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
  Bytes out_;
  Bytes in_;
};

/// Answers a batch that begins with a byte other than zero, and looks at each message of the rest.
void receive_at_the_limit(const Child::Ends& ends) {
  asio::io_context context;
  tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
  say(ends.say, std::to_string(acceptor.local_endpoint().port()));
  SealedStream stream(acceptor.accept());
  for (ByteView batch = stream.receive(); !batch.empty(); batch = stream.receive()) {
    if (batch.front() != 0) {
      stream.send(batch);
      continue;
    }
    std::size_t at = 1;
    while (at < batch.size()) {
      std::uint32_t length = 0;
      std::memcpy(&length, batch.data() + at, sizeof(length));
      at += sizeof(length) + length;
    }
    KITH_ASSERT(at == batch.size());
  }
  await_end(ends.end_of_input);
}

SealedStream connect(asio::io_context& context, const Child& child) {
  tcp::socket socket(context);
  const auto port = static_cast<asio::ip::port_type>(std::stoi(child.line()));
  socket.connect({asio::ip::address_v4::loopback(), port});
  return SealedStream(std::move(socket));
}

double limit_messages_per_second(const Load& load) {
  const Child child(receive_at_the_limit);
  asio::io_context context;
  SealedStream stream = connect(context, child);
  const Bytes payload(load.bytes, 0x5a);
  const auto length = static_cast<std::uint32_t>(load.bytes);
  std::array<Byte, sizeof(length)> header{};
  std::memcpy(header.data(), &length, sizeof(length));
  const auto begin = Clock::now();
  Bytes batch{0};
  for (std::size_t i = 0; i < load.count; ++i) {
    append(batch, header);
    append(batch, payload);
    if (batch.size() < kBatchBytes && i + 1 < load.count) continue;
    stream.send(batch);
    batch.assign(1, 0);
  }
  stream.send(Bytes{1});
  static_cast<void>(stream.receive());
  return static_cast<double>(load.count) / seconds_since(begin);
}

double limit_round_trip_microseconds() {
  const Child child(receive_at_the_limit);
  asio::io_context context;
  SealedStream stream = connect(context, child);
  const Bytes payload(kPingBytes, 1);
  std::vector<double> times;
  for (int i = 0; i < kPings; ++i) {
    const auto begin = Clock::now();
    stream.send(payload);
    static_cast<void>(stream.receive());
    times.push_back(seconds_since(begin) * 1e6);
  }
  return median(times);
}

/// What this process and its children that have ended spent of the processors.
double processor_seconds() {
  double seconds = 0;
  for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage{};
    getrusage(who, &usage);
    for (const timeval& time : {usage.ru_utime, usage.ru_stime})
      seconds += static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  }
  return seconds;
}

/// The figures of one side, and what they cost.
struct Side {
  std::function<double()> measure;
  std::vector<double> figures{};
  std::vector<double> costs{};

  void run() {
    const double before = processor_seconds();
    figures.push_back(measure());
    costs.push_back(processor_seconds() - before);
  }
};

void compare(const std::string& what, int rounds, Side ours, Side limit) {
  for (int round = 0; round < rounds; ++round) {
    ours.run();
    limit.run();
  }
  const double our_figure = median(ours.figures);
  const double limit_figure = median(limit.figures);
  std::printf("%-24s %14.1f %14.1f %8.2f %14.2f\n", what.c_str(), our_figure, limit_figure,
              our_figure / limit_figure, median(ours.costs) / median(limit.costs));
  std::fflush(stdout);
}

}  // namespace
}  // namespace kith

int main(int argc, char** argv) {
  using namespace kith;
  const int rounds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 5;
  const auto mebibytes = static_cast<std::size_t>(argc > 2 ? std::max(1, std::atoi(argv[2])) : 256);
  std::printf("%-24s %14s %14s %8s %14s\n", "", "kith", "limit", "ratio", "ratio of CPU");
  for (const std::size_t bytes : {16U, 64U, 1024U, 16'384U, 1'000'000U}) {
    const Load load{bytes, std::min(kMessagesPerRound, (mebibytes << 20) / bytes)};
    compare(std::to_string(bytes) + " B, messages/s", rounds,
            {[&] { return kith_messages_per_second(load); }},
            {[&] { return limit_messages_per_second(load); }});
  }
  compare("16 B, round trip, us", rounds, {kith_round_trip_microseconds},
          {limit_round_trip_microseconds});
  return 0;
}
