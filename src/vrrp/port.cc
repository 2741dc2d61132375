#include "vrrp/port.h"

#include <unistd.h>

namespace ballast::vrrp {
namespace {

constexpr std::uint8_t multicast_hop_limit = 255;

}  // namespace

Result<void> Receivers::listen(const std::string& interface, std::uint32_t interface_index, net::Family family,
                               const std::optional<net::Address>& group) {
  const Key key{interface_index, family};
  auto found = entries_.find(key);
  if (found == entries_.end()) {
    auto receiver = Receiver::open(interface, interface_index, family);
    if (!receiver) return std::unexpected(receiver.error());
    const int copy = ::dup(receiver->fd());
    auto entry = std::make_shared<Entry>(
        Entry{.receiver = std::move(*receiver), .descriptor = boost::asio::posix::stream_descriptor(context_, copy)});
    found = entries_.emplace(key, entry).first;
    wait(key, entry);
  }
  return group ? found->second->receiver.join(*group) : Result<void>{};
}

void Receivers::close(std::uint32_t interface_index) {
  std::erase_if(entries_, [&](auto& entry) {
    if (entry.first.first != interface_index) return false;
    entry.second->descriptor.cancel();
    return true;
  });
}

void Receivers::wait(const Key& key, const std::shared_ptr<Entry>& entry) {
  entry->descriptor.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                               [this, key, entry](const boost::system::error_code& wrong) {
                                 if (wrong) return;
                                 constexpr int most_packets = 64;
                                 for (int i = 0; i < most_packets; ++i) {
                                   const auto received = entry->receiver.receive();
                                   if (!received) break;
                                   handler_(key.first, *received);
                                 }
                                 wait(key, entry);
                               });
}

net::Address group_of(const cluster::VrrpInstance& instance) {
  if (instance.multicast_group) return *instance.multicast_group;
  return *net::Address::parse(instance.family == net::Family::ipv4 ? "224.0.0.18" : "ff02::12");
}

Result<Outlet> Outlet::open(const cluster::VrrpInstance& instance, const std::string& interface,
                            std::uint32_t interface_index) {
  auto sender = Sender::open(interface, interface_index, instance.family);
  if (!sender) return std::unexpected(sender.error());
  return Outlet(std::move(*sender));
}

Result<void> Outlet::advertise(const cluster::VrrpInstance& instance, const net::Address& source, std::uint8_t priority,
                               WallClock::time_point now) {
  const Advertisement advertisement = advertisement_of(instance, priority);
  std::vector<std::byte> trailer;
  const auto send = [&](const net::Address& destination, std::uint8_t hop_limit) {
    const Path path{.source = source, .destination = destination};
    std::vector<std::byte> payload = encode(advertisement, path, instance.v3_checksum);
    if (instance.security.type == cluster::VrrpAuthentication::hmac && trailer.empty()) {
      const auto length = static_cast<std::ptrdiff_t>(payload.size());
      signer_.sign(instance.security, source, now, payload);
      trailer.assign(payload.begin() + length, payload.end());
    } else {
      payload.insert(payload.end(), trailer.begin(), trailer.end());
    }
    if (instance.family == net::Family::ipv6) seal_ipv6(payload, path);
    return sender_.send(path, hop_limit, payload);
  };
  if (instance.peers.empty()) return send(group_of(instance), multicast_hop_limit);
  Result<void> outcome;
  for (const auto& peer : instance.peers) {
    auto sent = send(peer.address, instance.unicast_ttl);
    if (!sent && outcome) outcome = std::move(sent);
  }
  return outcome;
}

}  // namespace ballast::vrrp
