#pragma once

#include <initializer_list>

#include <kith/bytes.hpp>
#include <kith/result.hpp>

namespace kith::overlay {

/// Where `Exchange::fill` writes messages: anything with `Session`'s `send`.  Refers to it only,
/// and is called once for a batch of payloads.
class MessageSink {
 public:
  template <class Target>
  explicit MessageSink(Target& target)
      : target_(&target), send_([](void* to, std::initializer_list<ByteView> parts) {
          return static_cast<Target*>(to)->send(parts);
        }) {}

  /// Takes a message made of `parts`; an error means that it takes none any more.
  [[nodiscard]] Result<void> send(std::initializer_list<ByteView> parts) const {
    return send_(target_, parts);
  }

 private:
  void* target_;
  Result<void> (*send_)(void*, std::initializer_list<ByteView>);
};

}  // namespace kith::overlay
