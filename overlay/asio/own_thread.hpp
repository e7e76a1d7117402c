#pragma once

#include <functional>
#include <memory>
#include <thread>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

namespace kith::overlay {

/// Starts a thread that no signal meets: those are the program's business, and meet its own
/// threads.  Throws `std::system_error`.
[[nodiscard]] std::thread start_thread(std::move_only_function<void()> work);

/// The thread of a node that was given no executor.  It runs until this is gone and everything
/// that was begun on it is over.
class OwnThread {
 public:
  OwnThread();
  OwnThread(const OwnThread&) = delete;
  OwnThread& operator=(const OwnThread&) = delete;
  /// Waits for the thread, unless that is the thread itself.
  ~OwnThread();

  void run();

  /// Must outlive whatever uses the executor.
  [[nodiscard]] std::shared_ptr<void> context() const { return context_; }
  /// Runs one handler at a time.
  [[nodiscard]] boost::asio::any_io_executor executor() const { return context_->get_executor(); }

 private:
  std::shared_ptr<boost::asio::io_context> context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::thread thread_;
};

}  // namespace kith::overlay
