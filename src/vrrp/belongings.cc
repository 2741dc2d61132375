#include "vrrp/belongings.h"

#include <fmt/format.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <optional>
#include <ranges>

namespace ballast::vrrp {
namespace {

using cluster::VirtualAddress;

std::optional<std::uint8_t> scope_of(const std::string& name) {
  if (name == "link") return RT_SCOPE_LINK;
  if (name == "host") return RT_SCOPE_HOST;
  if (name == "site") return RT_SCOPE_SITE;
  if (name == "global") return RT_SCOPE_UNIVERSE;
  return std::nullopt;
}

std::uint32_t flags_of(const VirtualAddress& address) {
  std::uint32_t flags = address.no_prefix_route ? IFA_F_NOPREFIXROUTE : 0;
  if (address.address.is_ipv4()) return flags;
  if (address.skip_duplicate_detection) flags |= IFA_F_NODAD;
  if (address.home) flags |= IFA_F_HOMEADDRESS;
  return flags;
}

/// The lifetime after which an address is gone at the end of a lease at the latest: the kernel counts whole seconds, of
/// which there must be one, and takes an address away up to a quarter of a second late (ADDRCONF_TIMER_FUZZ). 0: for
/// ever.
std::chrono::seconds lifetime_of(std::chrono::milliseconds lease) {
  constexpr std::chrono::milliseconds late{250};
  if (lease == std::chrono::milliseconds::zero()) return {};
  return std::max(std::chrono::floor<std::chrono::seconds>(lease - late), std::chrono::seconds{1});
}

/// Reads texts and interfaces into belongings, and notes what is wrong.
class Collector {
 public:
  Collector(const FindInterface& find, std::chrono::seconds lifetime) : find_(find), lifetime_(lifetime) {}

  void add(const VirtualAddress& address, std::uint32_t device) {
    const std::uint32_t index = address.interface.empty() ? device : index_of(address.interface);
    if (index == 0) return;
    result_.addresses.push_back({.interface_index = index,
                                 .prefix = {.address = address.address, .length = address.prefix_length},
                                 .scope = scope_of(address.scope),
                                 .label = address.address.is_ipv4() ? address.label : "",
                                 .broadcast = address.broadcast,
                                 .peer = address.peer,
                                 .flags = flags_of(address),
                                 .lifetime = lifetime_});
  }
  void add(const cluster::VirtualRoute& route, net::Family family) {
    auto read = net::parse_route_text(route.text, family);
    if (!read) return problem(fmt::format("route '{}': {}", route.text, read.error().message));
    for (net::NextHop& hop : read->next_hops) {
      if (hop.device.empty()) continue;
      hop.device_index = index_of(hop.device);
      if (hop.device_index == 0) return;
    }
    const std::uint32_t index = read->device.empty() ? 0 : index_of(read->device);
    if (index != 0 || read->device.empty()) result_.routes.push_back({.route = *read, .device_index = index});
  }
  void add(const cluster::VirtualRule& rule, net::Family family) {
    const auto read = net::parse_rule_text(rule.text, family);
    if (!read) return problem(fmt::format("rule '{}': {}", rule.text, read.error().message));
    result_.rules.push_back(*read);
  }
  Belongings take() { return std::move(result_); }

 private:
  std::uint32_t index_of(const std::string& name) {
    const std::uint32_t index = find_(name);
    if (index == 0) problem(fmt::format("there is no interface {}", name));
    return index;
  }
  void problem(std::string text) { result_.problems.push_back(std::move(text)); }

  const FindInterface& find_;
  std::chrono::seconds lifetime_;
  Belongings result_;
};

std::string description(const net::AddressSettings& address) {
  return fmt::format("address {} on interface {}", address.prefix.to_string(), address.interface_index);
}
std::string description(const Belongings::Route& route) {
  return fmt::format("route to {}", route.route.destination.to_string());
}
std::string description(const net::RuleText& rule) { return fmt::format("rule for table {}", rule.table); }

/// Requests, each with what it is about and an outcome that is as good as done.
class Batch {
 public:
  void add(net::NetlinkRequest request, std::string about, int accepted_code) {
    requests_.push_back(std::move(request));
    about_.emplace_back(std::move(about), accepted_code);
  }
  std::vector<std::string> run(net::NetlinkSocket& socket, std::size_t* done = nullptr) {
    if (requests_.empty()) return {};
    const auto outcomes = socket.batch(requests_);
    if (!outcomes) return {outcomes.error().message};
    std::vector<std::string> problems;
    for (std::size_t i = 0; i < outcomes->size(); ++i) {
      const Error& error = (*outcomes)[i];
      if (error.code == 0 && done != nullptr) ++*done;
      if (error.code == 0 || error.code == about_[i].second) continue;
      problems.push_back(fmt::format("{}: {}", about_[i].first, error.message));
    }
    return problems;
  }

 private:
  std::vector<net::NetlinkRequest> requests_;
  std::vector<std::pair<std::string, int>> about_;
};

void append(std::vector<std::string>& all, std::vector<std::string> more) {
  std::ranges::move(more, std::back_inserter(all));
}

std::vector<std::string> put_addresses(net::NetlinkSocket& socket, const Belongings& belongings) {
  Batch batch;
  for (const auto& address : belongings.addresses) {
    batch.add(net::put_address_request(address), description(address), 0);
  }
  return batch.run(socket);
}

}  // namespace

Belongings belongings_of(const cluster::VrrpInstance& instance, std::uint32_t device, const FindInterface& find) {
  Collector collector(find, lifetime_of(instance.lease));
  for (const auto& address : instance.addresses) collector.add(address, device);
  for (const auto& address : instance.excluded_addresses) collector.add(address, device);
  for (const auto& route : instance.routes) collector.add(route, instance.family);
  for (const auto& rule : instance.rules) collector.add(rule, instance.family);
  return collector.take();
}

Belongings belongings_of(const cluster::StaticNetwork& fixed, const FindInterface& find) {
  Collector collector(find, std::chrono::seconds{0});
  for (const auto& address : fixed.addresses) collector.add(address, 0);
  for (const auto& route : fixed.routes) collector.add(route, net::Family::ipv4);
  for (const auto& rule : fixed.rules) collector.add(rule, net::Family::ipv4);
  return collector.take();
}

std::vector<std::string> renew(net::NetlinkSocket& socket, const Belongings& belongings) {
  std::vector<std::string> problems = put_addresses(socket, belongings);
  Batch batch;
  for (const auto& route : belongings.routes) {
    batch.add(net::restore_route_request(route.route, route.device_index), description(route), EEXIST);
  }
  for (const auto& rule : belongings.rules) batch.add(net::put_rule_request(rule), description(rule), EEXIST);
  append(problems, batch.run(socket));
  return problems;
}

std::vector<std::string> take(net::NetlinkSocket& socket, const Belongings& belongings) {
  std::vector<std::string> problems = put_addresses(socket, belongings);
  Batch batch;
  for (const auto& route : belongings.routes) {
    batch.add(net::put_route_request(route.route, route.device_index), description(route), 0);
  }
  for (const auto& rule : belongings.rules) batch.add(net::put_rule_request(rule), description(rule), EEXIST);
  append(problems, batch.run(socket));
  return problems;
}

std::vector<std::string> release(net::NetlinkSocket& socket, const Belongings& belongings, std::size_t* removed) {
  Batch addresses;
  for (const auto& address : std::views::reverse(belongings.addresses)) {
    addresses.add(net::remove_address_request(address), description(address), EADDRNOTAVAIL);
  }
  std::vector<std::string> problems = addresses.run(socket, removed);
  Batch rest;
  for (const auto& rule : belongings.rules) rest.add(net::remove_rule_request(rule), description(rule), ENOENT);
  for (const auto& route : belongings.routes) {
    rest.add(net::remove_route_request(route.route, route.device_index), description(route), ESRCH);
  }
  append(problems, rest.run(socket));
  return problems;
}

}  // namespace ballast::vrrp
