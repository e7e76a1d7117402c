#include "overlay/asio/own_thread.hpp"

#include <csignal>

namespace kith::overlay {

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
  // Signals are the program's business, and meet its own threads.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([context = context_] { context->run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace kith::overlay
