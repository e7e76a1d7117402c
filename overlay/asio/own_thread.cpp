#include "overlay/asio/own_thread.hpp"

#include <csignal>
#include <utility>

namespace kith::overlay {
namespace {

/// As long as this is there, no signal meets the calling thread or those that it starts.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

}  // namespace

std::thread start_thread(std::move_only_function<void()> work) {
  const SignalsBlocked blocked;
  return std::thread(std::move(work));
}

OwnThread::OwnThread()
    : context_(std::make_shared<boost::asio::io_context>(1)), work_(context_->get_executor()) {}

OwnThread::~OwnThread() {
  work_.reset();
  if (!thread_.joinable()) return;
  if (thread_.get_id() == std::this_thread::get_id()) {
    thread_.detach();
  } else {
    thread_.join();
  }
}

void OwnThread::run() {
  thread_ = start_thread([context = context_] { context->run(); });
}

}  // namespace kith::overlay
