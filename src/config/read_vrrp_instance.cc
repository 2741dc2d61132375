#include <fmt/format.h>

#include <algorithm>

#include "config/hmac_key.h"
#include "config/scalars.h"
#include "config/vrrp.h"
#include "config/vrrp_parts.h"

namespace ballast::config {
namespace {

using cluster::VrrpAuthentication;
using cluster::VrrpInstance;
using std::chrono::milliseconds;

constexpr std::array instance_keys = {Key{"interface"},
                                      Key{"router_id"},
                                      Key{"version"},
                                      Key{"family"},
                                      Key{"priority"},
                                      Key{"interval"},
                                      Key{"missed_advertisements"},
                                      Key{"preempt"},
                                      Key{"accept"},
                                      Key{"preempt_delay"},
                                      Key{"source"},
                                      Key{"peers"},
                                      Key{"unicast_ttl"},
                                      Key{"check_source"},
                                      Key{"multicast_group"},
                                      Key{"track_source"},
                                      Key{"checksum"},
                                      Key{"authentication"},
                                      Key{"virtual_mac"},
                                      Key{"addresses"},
                                      Key{"excluded_addresses"},
                                      Key{"routes"},
                                      Key{"rules"},
                                      Key{"track"},
                                      Key{"notify"},
                                      Key{"announce"},
                                      Key{"lease"},
                                      Key{"lower_priority_no_advertisement"},
                                      Key{"higher_priority_send_advertisement"},
                                      Key{"start_delay"}};
constexpr std::array authentication_keys = {Key{"type"}, Key{"password"},    Key{"keys"},
                                            Key{"mode"}, Key{"anti_replay"}, Key{"window"}};
constexpr std::array hmac_key_keys = {Key{"id"}, Key{"key"}};
constexpr std::array peer_keys = {Key{"address"}, Key{"least_ttl"}, Key{"greatest_ttl"}};
constexpr std::array virtual_mac_keys = {Key{"interface"}, Key{"mac"}, Key{"advertise_from_interface"}};
constexpr std::array announce_keys = {Key{"repeat"},
                                      Key{"delay"},
                                      Key{"delayed_repeat"},
                                      Key{"refresh"},
                                      Key{"refresh_repeat"},
                                      Key{"gap"},
                                      Key{"neighbour_gap"},
                                      Key{"lower_priority_repeat"},
                                      Key{"lower_priority_delay"}};
constexpr std::array<Choice<VrrpAuthentication>, 2> authentication_words = {
    {{"password", VrrpAuthentication::password}, {"hmac", VrrpAuthentication::hmac}}};

constexpr std::uint64_t most_announcements = 100;
constexpr std::size_t most_advertised = 255;
constexpr std::size_t longest_password = 8;
constexpr milliseconds longest_v3_interval{40'950};

std::optional<net::Address> read_plain_address(const Value& value, net::Family family) {
  const auto text = value.text();
  if (!text) return {};
  const auto address = net::Address::parse(*text);
  if (address && address->family() == family) return address;
  value.problem(
      fmt::format("{} is not an address of the instance's family, {}", quoted(*text), word_of(family, family_words)));
  return {};
}

std::optional<cluster::VrrpPeer> read_peer(const Value& value, net::Family family) {
  if (!value.is_map()) {
    const auto address = read_plain_address(value, family);
    return address ? std::optional(cluster::VrrpPeer{.address = *address}) : std::nullopt;
  }
  const auto fields = value.fields(peer_keys);
  const auto where = fields ? need(*fields, "address") : std::nullopt;
  const auto address = where ? read_plain_address(*where, family) : std::nullopt;
  if (!address) return {};
  cluster::VrrpPeer peer{.address = *address};
  read_number(*fields, "least_ttl", 0, 255, peer.least_ttl);
  read_number(*fields, "greatest_ttl", 0, 255, peer.greatest_ttl);
  return peer;
}

void read_hmac_keys(const Value& list, cluster::VrrpSecurity& security) {
  const auto items = list.items();
  if (items && items->empty()) list.problem("hmac needs a key");
  for (const Value& item : items.value_or(std::vector<Value>{})) {
    const auto fields = item.fields(hmac_key_keys);
    if (!fields) continue;
    std::uint8_t id = 1;
    read_number(*fields, "id", 1, 255, id);
    const auto value = need(*fields, "key");
    const auto written = value ? value->text() : std::nullopt;
    if (!written) continue;
    if (std::ranges::find(security.keys, id, &cluster::HmacKey::id) != security.keys.end()) {
      item.problem(fmt::format("id {} is here twice", id));
    }
    if (auto key = read_hmac_key(id, *written)) {
      security.keys.push_back(std::move(*key));
    } else {
      value->problem(key.error().message);
    }
  }
}

void read_authentication(const Value& value, VrrpInstance& instance) {
  auto& security = instance.security;
  const auto fields = value.fields(authentication_keys);
  const auto type = fields ? need(*fields, "type") : std::nullopt;
  if (!type) return;
  if (type->is_word("ah") || type->is_word("header")) {
    type->problem("AH is gone from VRRP since RFC 3768 and not spoken here; use hmac, or password");
    return;
  }
  security.type = choose(*type, authentication_words).value_or(VrrpAuthentication::none);
  if (security.type == VrrpAuthentication::password) {
    if (instance.version != 2) type->problem("passwords are of version 2; write version: 2, or use hmac");
    const auto password = need(*fields, "password");
    if (password) security.password = password->text().value_or("");
    if (security.password.size() > longest_password) {
      password->problem("a password has at most 8 bytes: what is longer is no part of the protocol");
    }
  }
  if (security.type == VrrpAuthentication::hmac) {
    if (const auto keys = need(*fields, "keys")) read_hmac_keys(*keys, security);
    if (const auto mode = fields->get("mode")) security.mode = choose(*mode, hmac_mode_words).value_or(security.mode);
    if (const auto replay = fields->get("anti_replay")) {
      security.anti_replay = choose(*replay, anti_replay_words).value_or(security.anti_replay);
    }
    if (const auto window = fields->get("window")) {
      const auto read = window->milliseconds(milliseconds{1000}, milliseconds{300'000});
      if (read) security.window = std::chrono::floor<std::chrono::seconds>(*read);
    }
  }
}

void read_virtual_mac(const Value& value, VrrpInstance& instance) {
  if (!value.is_map()) {
    instance.virtual_mac = value.boolean().value_or(false);
    return;
  }
  const auto fields = value.fields(virtual_mac_keys);
  if (!fields) return;
  instance.virtual_mac = true;
  read_text(*fields, "interface", instance.virtual_mac_interface);
  if (!instance.virtual_mac_interface.empty() && !is_interface_name(instance.virtual_mac_interface)) {
    value.problem(fmt::format("{} cannot be an interface", quoted(instance.virtual_mac_interface)));
  }
  if (const auto mac = fields->get("mac")) {
    instance.mac = mac->text();
    if (instance.mac && !net::parse_mac(*instance.mac)) mac->problem("is not a MAC address such as 02:00:00:00:00:01");
  }
  read_flag(*fields, "advertise_from_interface", instance.advertise_from_interface);
}

void read_announce(const Value& value, cluster::AnnouncePolicy& policy) {
  const auto fields = value.fields(announce_keys);
  if (!fields) return;
  for (const auto& [name, member] : announce_counts) read_number(*fields, name, 0, most_announcements, policy.*member);
  for (const auto& key : announce_durations) read_duration(*fields, key.name, key.least, policy.*key.member);
  if (const auto gap = fields->get("gap")) policy.gap = gap->microseconds().value_or(policy.gap);
  if (const auto gap = fields->get("neighbour_gap")) {
    policy.neighbour_gap = gap->microseconds().value_or(policy.neighbour_gap);
  }
}

/// The family that the instance says, else that of its first address.
net::Family read_family(const Fields& fields, const VrrpInstance& instance) {
  if (const auto value = fields.get("family")) return choose(*value, family_words).value_or(net::Family::ipv4);
  return instance.addresses.empty() ? net::Family::ipv4 : instance.addresses.front().address.family();
}

void check_addresses(const Fields& fields, const VrrpInstance& instance) {
  const Value where = fields.get("addresses").value_or(fields.map());
  if (!fields.get("addresses") && !fields.get("excluded_addresses")) {
    where.problem("no addresses are named; write 'addresses: []' where there are to be none");
  }
  if (instance.addresses.size() > most_advertised) {
    where.problem("an advertisement names at most 255 addresses; write others under excluded_addresses");
  }
  for (const auto& address : instance.addresses) {
    if (address.address.family() == instance.family) continue;
    where.problem(fmt::format("{} is not {}; write it under excluded_addresses, or into an instance of its own",
                              address.address.to_string(), word_of(instance.family, family_words)));
  }
}

void check_version(const Fields& fields, const VrrpInstance& instance) {
  const Value interval = fields.get("interval").value_or(fields.map());
  if (instance.version == 3 && instance.interval % milliseconds{10} != milliseconds{0}) {
    interval.problem("VRRPv3 counts in steps of 10ms");
  }
  if (instance.version == 3 && instance.interval > longest_v3_interval) {
    interval.problem("VRRPv3 has no interval above 40950ms");
  }
  if (instance.version == 2 && instance.interval % milliseconds{1000} != milliseconds{0}) {
    interval.problem("VRRPv2 counts in whole seconds; version 3 has shorter intervals");
  }
  if (instance.version == 2 && instance.family == net::Family::ipv6) {
    fields.get("version").value_or(fields.map()).problem("there is no VRRPv2 for IPv6; write version: 3");
  }
}

void read_sending(const Fields& fields, VrrpInstance& instance) {
  if (const auto value = fields.get("source")) instance.source = read_plain_address(*value, instance.family);
  if (const auto value = fields.get("multicast_group")) {
    instance.multicast_group = read_plain_address(*value, instance.family);
    if (instance.multicast_group && !instance.multicast_group->is_multicast())
      value->problem("is no multicast address");
  }
  if (const auto list = fields.get("peers")) {
    for (const Value& item : list->items().value_or(std::vector<Value>{})) {
      if (const auto peer = read_peer(item, instance.family)) instance.peers.push_back(*peer);
    }
  }
  read_number(fields, "unicast_ttl", 1, 255, instance.unicast_ttl);
  if (const auto value = fields.get("checksum")) {
    instance.v3_checksum = choose(*value, v3_checksum_words).value_or(instance.v3_checksum);
  }
  if (const auto value = fields.get("authentication")) read_authentication(*value, instance);
  if (const auto value = fields.get("virtual_mac")) read_virtual_mac(*value, instance);
}

}  // namespace

std::optional<VrrpInstance> read_instance(const std::string& name, const Value& value) {
  const auto fields = value.fields(instance_keys);
  if (!fields) return {};
  VrrpInstance instance;
  instance.name = name;
  if (const auto interface = need(*fields, "interface")) {
    instance.interface = interface->text().value_or("");
    if (!is_interface_name(instance.interface)) interface->problem("cannot be an interface");
  }
  if (need(*fields, "router_id")) read_number(*fields, "router_id", 1, 255, instance.router_id);
  if (const auto list = fields->get("addresses")) instance.addresses = read_addresses(*list);
  if (const auto list = fields->get("excluded_addresses")) instance.excluded_addresses = read_addresses(*list);
  instance.family = read_family(*fields, instance);
  read_number(*fields, "version", 2, 3, instance.version);
  read_number(*fields, "priority", 1, 255, instance.priority);
  read_number(*fields, "missed_advertisements", 1, 100, instance.missed_advertisements);
  for (const auto& key : instance_durations) {
    if (const auto duration = fields->get(key.name)) {
      instance.*key.member = duration->milliseconds(key.least, key.greatest).value_or(instance.*key.member);
    }
  }
  if (instance.lease % std::chrono::seconds{1} != milliseconds::zero()) {
    fields->get("lease")->problem("counts whole seconds; 0: for ever");
  }
  for (const auto& key : instance_flags) read_flag(*fields, key.name, instance.*key.member);
  read_sending(*fields, instance);
  if (const auto list = fields->get("routes")) instance.routes = read_routes(*list, instance.family);
  if (const auto list = fields->get("rules")) instance.rules = read_rules(*list, instance.family);
  if (const auto list = fields->get("track")) instance.tracks = read_tracks(*list);
  if (const auto map = fields->get("notify")) instance.notify = read_notify(*map);
  if (const auto map = fields->get("announce")) read_announce(*map, instance.announce);
  check_addresses(*fields, instance);
  check_version(*fields, instance);
  return instance;
}

}  // namespace ballast::config
