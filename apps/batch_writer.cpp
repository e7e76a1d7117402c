#include "apps/batch_writer.hpp"

#include <utility>

namespace kith::apps {

BatchWriter::BatchWriter(Write write, Acknowledge acknowledge)
    : write_(std::move(write)), acknowledge_(std::move(acknowledge)) {}

void BatchWriter::write(const Inbox::Batch& batch) {
  // Until it is known that it did not.
  if (std::exchange(failed_, true)) return;
  write_(batch.text);
  failed_ = false;
  for (std::size_t i = 0; i < batch.messages.size(); ++i)
    if (batch.messages[i] > 0) acknowledge_(i, batch.messages[i]);
}

}  // namespace kith::apps
