#include "net/netlink.h"

#include <fmt/format.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <utility>

namespace ballast::net {
namespace {

constexpr std::size_t smallest_buffer_bytes = 65536;
constexpr timeval answer_timeout{.tv_sec = 5, .tv_usec = 0};
constexpr int dump_attempts = 30;
constexpr std::size_t batch_most = 64;  // its acknowledgements fit any socket's buffer

/// The options that make the kernel explain its errors and leave the request out of them. Kernels without them work,
/// too.
void ask_for_explanations(int fd) {
  const int on = 1;
  ::setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  ::setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
}

std::unexpected<Error> refused(const NetlinkAck& ack) {
  std::string message = std::strerror(ack.code);
  if (!ack.text.empty()) message += fmt::format(" ({})", ack.text);
  if (ack.code == EPERM) message += "; run as root or with CAP_NET_ADMIN";
  return fail(std::move(message), ack.code);
}

void append_message(std::vector<std::byte>& all, Bytes before, Bytes after) {
  const auto length = before.size() - after.size();
  all.insert(all.end(), before.begin(), before.begin() + static_cast<std::ptrdiff_t>(length));
}

}  // namespace

Result<NetlinkSocket> NetlinkSocket::open(int protocol) {
  Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
  if (!fd) return fail_errno("cannot open a netlink socket");
  sockaddr_nl local{};
  local.nl_family = AF_NETLINK;
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0) {
    return fail_errno("cannot bind a netlink socket");
  }
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &answer_timeout, sizeof answer_timeout) != 0) {
    return fail_errno("cannot set the timeout of a netlink socket");
  }
  ask_for_explanations(fd.get());
  return NetlinkSocket(std::move(fd));
}

Result<void> NetlinkSocket::subscribe(std::uint32_t group) {
  if (::setsockopt(fd(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0) {
    return fail_errno(fmt::format("cannot join netlink group {}", group));
  }
  return {};
}

Result<std::vector<std::byte>> NetlinkSocket::request(NetlinkRequest request) {
  request.add_flags(NLM_F_ACK);
  auto answer = exchange(request);
  if (!answer) return std::unexpected(answer.error());
  return std::move(answer->messages);
}

Result<std::vector<std::byte>> NetlinkSocket::dump(NetlinkRequest request) {
  request.add_flags(NLM_F_DUMP);
  for (int attempt = 0; attempt < dump_attempts; ++attempt) {
    auto answer = exchange(request);
    if (!answer) return std::unexpected(answer.error());
    if (!answer->interrupted) return std::move(answer->messages);
  }
  return fail("the kernel's table changed during every attempt to read it; try again", EBUSY);
}

Result<std::vector<Error>> NetlinkSocket::batch(std::span<NetlinkRequest> requests) {
  std::vector<Error> outcomes(requests.size());
  for (std::size_t begin = 0; begin < requests.size(); begin += batch_most) {
    const auto part = requests.subspan(begin, std::min(batch_most, requests.size() - begin));
    if (auto done = batch_part(part, std::span(outcomes).subspan(begin, part.size())); !done) {
      return std::unexpected(done.error());
    }
  }
  return outcomes;
}

Result<void> NetlinkSocket::batch_part(std::span<NetlinkRequest> requests, std::span<Error> outcomes) {
  const std::uint32_t first = sequence_ + 1;
  std::vector<std::byte> all;
  for (NetlinkRequest& request : requests) {
    request.add_flags(NLM_F_ACK);
    const Bytes message = request.finish(++sequence_);
    all.insert(all.end(), message.begin(), message.end());
  }
  if (auto sent = send(all); !sent) return sent;
  for (std::size_t open = requests.size(); open > 0;) {
    const auto datagram = receive(Wait::yes);
    if (!datagram) return std::unexpected(datagram.error());
    Bytes rest = *datagram;
    while (const auto message = take_message(rest)) {
      const std::uint32_t at = message->sequence - first;
      if (message->type != NLMSG_ERROR || at >= outcomes.size()) continue;
      const auto ack = parse_ack(*message);
      if (!ack) return fail("the kernel's answer by netlink is cut short", EBADMSG);
      if (ack->code != 0) outcomes[at] = refused(*ack).error();
      --open;
    }
  }
  return {};
}

Result<void> NetlinkSocket::send(Bytes message) {
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  ssize_t sent = 0;
  do {
    sent = ::sendto(fd(), message.data(), message.size(), 0, reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return fail_errno("cannot send to the kernel by netlink");
  return {};
}

Result<Bytes> NetlinkSocket::receive(Wait wait) {
  const int flags = wait == Wait::no ? MSG_DONTWAIT : 0;
  for (;;) {
    sockaddr_nl from{};
    ssize_t size = ::recv(fd(), nullptr, 0, flags | MSG_PEEK | MSG_TRUNC);
    if (size >= 0) {
      buffer_.resize(std::max(smallest_buffer_bytes, static_cast<std::size_t>(size)));
      iovec part{.iov_base = buffer_.data(), .iov_len = buffer_.size()};
      msghdr header{};
      header.msg_name = &from;
      header.msg_namelen = sizeof from;
      header.msg_iov = &part;
      header.msg_iovlen = 1;
      size = ::recvmsg(fd(), &header, flags);
    }
    if (size < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) return fail_errno("cannot receive from the kernel by netlink");
      if (wait == Wait::no) return Bytes{};
      return fail("the kernel did not answer a netlink request within five seconds", ETIMEDOUT);
    }
    const bool from_kernel = from.nl_pid == 0;
    if (from_kernel && size > 0) return Bytes(buffer_).first(static_cast<std::size_t>(size));
  }
}

Result<NetlinkSocket::Answer> NetlinkSocket::exchange(NetlinkRequest& request) {
  const std::uint32_t sequence = ++sequence_;
  if (auto sent = send(request.finish(sequence)); !sent) return std::unexpected(sent.error());
  Answer answer;
  for (;;) {
    const auto datagram = receive(Wait::yes);
    if (!datagram) return std::unexpected(datagram.error());
    Bytes rest = *datagram;
    Bytes before = rest;
    while (const auto message = take_message(rest)) {
      const Bytes from = std::exchange(before, rest);
      if (message->sequence != sequence || message->type == NLMSG_NOOP) continue;
      if (message->flags & NLM_F_DUMP_INTR) answer.interrupted = true;
      if (message->type != NLMSG_ERROR && message->type != NLMSG_DONE) {
        append_message(answer.messages, from, rest);
        continue;
      }
      const auto ack = parse_ack(*message);
      if (!ack) return fail("the kernel's answer by netlink is cut short", EBADMSG);
      if (ack->code != 0) return refused(*ack);
      return answer;
    }
  }
}

}  // namespace ballast::net
