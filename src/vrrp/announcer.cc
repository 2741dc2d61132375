#include "vrrp/announcer.h"

#include "base/log.h"

namespace ballast::vrrp {
namespace {

constexpr std::size_t most_waiting = 65536;

}  // namespace

void Announcer::send(std::uint32_t interface_index, std::vector<std::byte> frame, std::chrono::microseconds gap) {
  Queue& queue = queues_.try_emplace(interface_index, context_).first->second;
  if (queue.frames.size() >= most_waiting) return;
  queue.frames.push_back({.bytes = std::move(frame), .gap = gap});
  if (!queue.waiting) send_next(interface_index, queue);
}

void Announcer::send_next(std::uint32_t interface_index, Queue& queue) {
  queue.waiting = false;
  while (!queue.frames.empty()) {
    const Frame frame = std::move(queue.frames.front());
    queue.frames.pop_front();
    if (auto sent = socket_.send(interface_index, frame.bytes); !sent) log::debug("{}", sent.error().message);
    if (frame.gap == std::chrono::microseconds::zero()) continue;
    queue.waiting = true;
    queue.timer.expires_after(frame.gap);
    queue.timer.async_wait([this, interface_index, &queue](const boost::system::error_code& wrong) {
      if (!wrong) send_next(interface_index, queue);
    });
    return;
  }
}

}  // namespace ballast::vrrp
