// Sockets of IP protocol 112.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "net/address.h"
#include "net/netlink_message.h"
#include "vrrp/admission.h"

namespace ballast::vrrp {

/// A packet that came in; its payload is valid until the next call.
struct Received {
  Arrival arrival;
  net::Bytes payload;
};

/// Takes what comes in by an interface.
class Receiver {
 public:
  static Result<Receiver> open(const std::string& interface, std::uint32_t interface_index, net::Family family);
  /// Takes packets to that multicast group, too. Joining again does nothing.
  Result<void> join(const net::Address& group);
  /// Readable when receive() has something to give.
  [[nodiscard]] int fd() const { return fd_.get(); }
  /// The next packet; nullopt: none is waiting. What is no whole IP packet is passed over.
  std::optional<Received> receive();

 private:
  Receiver(Fd fd, std::uint32_t interface_index, net::Family family)
      : fd_(std::move(fd)), interface_index_(interface_index), family_(family) {}

  Fd fd_;
  std::uint32_t interface_index_;
  net::Family family_;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(65536);
};

/// Sends out of an interface, with any source address.
class Sender {
 public:
  static Result<Sender> open(const std::string& interface, std::uint32_t interface_index, net::Family family);
  [[nodiscard]] Result<void> send(const Path& path, std::uint8_t hop_limit, net::Bytes payload) const;

 private:
  Sender(Fd fd, std::uint32_t interface_index) : fd_(std::move(fd)), interface_index_(interface_index) {}

  Fd fd_;
  std::uint32_t interface_index_;
};

}  // namespace ballast::vrrp
