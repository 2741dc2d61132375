// A netlink socket: requests, dumps and notifications of the kernel's network configuration.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "net/netlink_message.h"

namespace ballast::net {

/// Speaks with the network namespace that the calling thread was in when it opened the socket.
class NetlinkSocket {
 public:
  /// `protocol` is NETLINK_ROUTE or NETLINK_GENERIC.
  static Result<NetlinkSocket> open(int protocol);

  /// Sends a request and waits until the kernel acknowledges it. Gives the messages that it answered before that, back
  /// to back as take_message() reads them; none for a mere change. The error's code is the kernel's, its message the
  /// kernel's words without a place: the caller knows what it asked for.
  Result<std::vector<std::byte>> request(NetlinkRequest request);

  /// Sends a request for a whole table and gives all of its messages. Asks again where the table changed meanwhile
  /// (NLM_F_DUMP_INTR), and fails with EBUSY where it never holds still.
  Result<std::vector<std::byte>> dump(NetlinkRequest request);

  /// Sends requests together and waits until the kernel has acknowledged each. Gives for each what went wrong; code 0:
  /// done. An Error is that of the socket.
  Result<std::vector<Error>> batch(std::span<NetlinkRequest> requests);

  /// Joins a multicast group (RTNLGRP_*): its notifications then come by receive().
  Result<void> subscribe(std::uint32_t group);

  enum class Wait : bool { no, yes };
  /// The next datagram from the kernel, valid until the next call on this socket. With Wait::no it may be empty:
  /// nothing there. Code ENOBUFS: the socket's buffer ran over and notifications are lost. With Wait::yes, ETIMEDOUT
  /// after five seconds.
  Result<Bytes> receive(Wait wait);

  /// Becomes readable when receive() has something to give.
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  explicit NetlinkSocket(Fd fd) : fd_(std::move(fd)) {}
  Result<void> send(Bytes message);
  Result<void> batch_part(std::span<NetlinkRequest> requests, std::span<Error> outcomes);
  struct Answer {
    std::vector<std::byte> messages;
    bool interrupted = false;
  };
  Result<Answer> exchange(NetlinkRequest& request);

  Fd fd_;
  std::uint32_t sequence_ = 0;
  std::vector<std::byte> buffer_;
};

}  // namespace ballast::net
