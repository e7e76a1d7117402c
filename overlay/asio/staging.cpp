#include "overlay/asio/staging.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

namespace kith::overlay {
namespace {

using Length = std::uint32_t;

}  // namespace

std::optional<ByteView> Staging::Batch::front() const {
  if (is_empty()) return std::nullopt;
  Length length = 0;
  std::memcpy(&length, bytes_.data() + read_, sizeof(length));
  return ByteView(bytes_).subspan(read_ + sizeof(length), length);
}

void Staging::Batch::drop_front() { read_ += sizeof(Length) + front()->size(); }

bool Staging::has_room(std::size_t payload_bytes) const {
  return messages_ == 0 ||
         (messages_ < limits_.messages && bytes_.size() + payload_bytes <= limits_.bytes);
}

/// Whether it is the first since the node took the last batch, for which it must be woken.
bool Staging::put(ByteView payload) {
  const auto length = static_cast<Length>(payload.size());
  std::array<Byte, sizeof(length)> header{};
  std::memcpy(header.data(), &length, sizeof(length));
  bytes_.insert(bytes_.end(), header.begin(), header.end());
  bytes_.insert(bytes_.end(), payload.begin(), payload.end());
  return messages_++ == 0;
}

Result<bool> Staging::try_append(ByteView payload) {
  const std::lock_guard lock(mutex_);
  if (closed_) return std::unexpected(*closed_);
  if (!later_.empty() || !has_room(payload.size())) return std::unexpected(Errc::would_block);
  return put(payload);
}

Result<bool> Staging::append(ByteView payload) {
  std::unique_lock lock(mutex_);
  const auto may_go_on = [&] {
    return closed_.has_value() || (later_.empty() && has_room(payload.size()));
  };
  if (!may_go_on()) {
    ++threads_waiting_;
    room_.wait(lock, may_go_on);
    --threads_waiting_;
  }
  if (closed_) return std::unexpected(*closed_);
  return put(payload);
}

bool Staging::append_later(ByteView payload, Done<> done) {
  std::unique_lock lock(mutex_);
  if (closed_) {
    lock.unlock();
    done(std::unexpected(*closed_));
    return false;
  }
  if (!later_.empty() || !has_room(payload.size())) {
    later_.push_back({Bytes(payload.begin(), payload.end()), std::move(done)});
    return false;
  }
  const bool wake = put(payload);
  lock.unlock();
  done({});
  return wake;
}

bool Staging::fetch(Batch& batch) {
  batch.bytes_.clear();
  batch.read_ = 0;
  std::vector<Done<>> accepted;
  bool more = false;
  {
    const std::lock_guard lock(mutex_);
    std::swap(batch.bytes_, bytes_);
    messages_ = 0;
    while (!later_.empty() && has_room(later_.front().payload.size())) {
      put(later_.front().payload);
      accepted.push_back(std::move(later_.front().done));
      later_.pop_front();
    }
    more = messages_ > 0;
    if (threads_waiting_ > 0) room_.notify_all();
  }
  for (Done<>& done : accepted) done({});
  return more;
}

void Staging::close(Errc why) {
  std::deque<Later> refused;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    closed_ = why;
    refused = std::exchange(later_, {});
    room_.notify_all();
  }
  for (Later& later : refused) later.done(std::unexpected(why));
}

Staging::Waiting Staging::waiting() const {
  const std::lock_guard lock(mutex_);
  return {messages_ + later_.size(), bytes_.size()};
}

}  // namespace kith::overlay
