#include "config/vrrp_parts.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <tuple>

#include "config/scalars.h"
#include "config/vrrp.h"
#include "net/routing_text.h"

namespace ballast::config {
namespace {

using cluster::Track;
using cluster::VirtualAddress;

constexpr std::array address_keys = {Key{"address"},   Key{"interface"},      Key{"label"}, Key{"scope"},
                                     Key{"broadcast"}, Key{"peer"},           Key{"home"},  Key{"duplicate_detection"},
                                     Key{"track"},     Key{"no_prefix_route"}};
constexpr std::array<std::string_view, 4> scopes = {"global", "site", "link", "host"};
constexpr std::array track_keys = {Key{"interface"}, Key{"script"},   Key{"file"},   Key{"process"},
                                   Key{"check"},     Key{"director"}, Key{"weight"}, Key{"reverse"}};
constexpr std::array notify_keys = {Key{"master"}, Key{"backup"},  Key{"fault"}, Key{"stop"}, Key{"lower_priority"},
                                    Key{"any"},    Key{"deleted"}, Key{"user"},  Key{"mail"}, Key{"priority_changes"}};
constexpr std::int32_t most_weight = 253;

void read_address_text(const Value& value, VirtualAddress& address) {
  const auto text = value.text();
  if (!text) return;
  const auto prefix = net::Prefix::parse(*text);
  if (!prefix || prefix->address.is_unspecified() || prefix->address.is_multicast() || prefix->address.is_loopback()) {
    value.problem(fmt::format("{} is not an address such as 10.0.0.100/24 or fd00::100/64", quoted(*text)));
    return;
  }
  address.address = prefix->address;
  address.prefix_length = prefix->length;
}

void read_plain_address(const Fields& fields, std::string_view key, std::optional<net::Address>& target) {
  const auto value = fields.get(key);
  const auto text = value ? value->text() : std::nullopt;
  if (!text) return;
  target = net::Address::parse(*text);
  if (!target) value->problem(fmt::format("{} is not an address", quoted(*text)));
}

VirtualAddress read_address(const Value& value) {
  VirtualAddress address;
  if (!value.is_map()) {
    read_address_text(value, address);
    return address;
  }
  const auto fields = value.fields(address_keys);
  if (!fields) return address;
  if (const auto text = need(*fields, "address")) read_address_text(*text, address);
  read_text(*fields, "interface", address.interface);
  read_text(*fields, "label", address.label);
  if (const auto scope = fields->get("scope")) {
    if (const auto index = scope->one_of(scopes)) address.scope = scopes[*index];
  }
  read_plain_address(*fields, "broadcast", address.broadcast);
  read_plain_address(*fields, "peer", address.peer);
  read_flag(*fields, "home", address.home);
  bool detection = !address.skip_duplicate_detection;
  read_flag(*fields, "duplicate_detection", detection);
  address.skip_duplicate_detection = !detection;
  read_flag(*fields, "track", address.track);
  read_flag(*fields, "no_prefix_route", address.no_prefix_route);
  return address;
}

std::optional<Track> read_track(const Value& value) {
  const auto fields = value.fields(track_keys);
  if (!fields) return {};
  Track track;
  int named = 0;
  for (const auto& [word, kind] : track_words) {
    const auto name = fields->get(word);
    if (!name) continue;
    ++named;
    track.kind = kind;
    if (kind == Track::Kind::director) {
      static constexpr std::array<std::string_view, 1> states = {"alive"};
      std::ignore = name->one_of(states);
    } else {
      track.name = name->text().value_or("");
    }
  }
  if (named != 1) {
    value.problem("names one of interface, script, file, process, check, director");
    return {};
  }
  if (const auto weight = fields->get("weight")) track.weight = read_signed(*weight, -most_weight, most_weight);
  read_flag(*fields, "reverse", track.reverse);
  return track;
}

template <typename Read>
void read_each(const Value& list, Read&& read) {
  for (const Value& item : list.items().value_or(std::vector<Value>{})) read(item);
}

}  // namespace

std::optional<Value> need(const Fields& fields, std::string_view key) {
  auto value = fields.get(key);
  if (!value) fields.map().problem(fmt::format("'{}' is missing", key));
  return value;
}

void read_flag(const Fields& fields, std::string_view key, bool& target) {
  if (const auto value = fields.get(key)) target = value->boolean().value_or(target);
}

void read_text(const Fields& fields, std::string_view key, std::string& target) {
  if (const auto value = fields.get(key)) target = value->text().value_or(target);
}

void read_duration(const Fields& fields, std::string_view key, std::chrono::milliseconds least,
                   std::chrono::milliseconds& target) {
  if (const auto value = fields.get(key)) target = value->milliseconds(least, one_day).value_or(target);
}

std::optional<std::int32_t> read_signed(const Value& value, std::int32_t least, std::int32_t greatest) {
  const auto text = value.text();
  if (!text) return {};
  std::int32_t number = 0;
  const auto [end, wrong] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (wrong == std::errc{} && end == text->data() + text->size() && number >= least && number <= greatest) {
    return number;
  }
  value.problem(fmt::format("{} is not a number from {} to {}", quoted(*text), least, greatest));
  return {};
}

void read_weight(const Fields& fields, std::int32_t& target) {
  if (const auto value = fields.get("weight")) target = read_signed(*value, -most_weight, most_weight).value_or(target);
}

std::vector<std::string> read_texts(const Value& list) {
  std::vector<std::string> texts;
  read_each(list, [&](const Value& item) {
    if (auto text = item.text()) texts.push_back(std::move(*text));
  });
  return texts;
}

std::set<std::string> addresses_on_interfaces(const cluster::VrrpInstance& instance) {
  std::set<std::string> places;
  for (const auto* list : {&instance.addresses, &instance.excluded_addresses}) {
    for (const auto& one : *list) {
      const auto& interface = one.interface.empty() ? instance.interface : one.interface;
      places.insert(fmt::format("{} on {}", one.address.to_string(), interface));
    }
  }
  return places;
}

std::vector<VirtualAddress> read_addresses(const Value& list) {
  std::vector<VirtualAddress> addresses;
  read_each(list, [&](const Value& item) { addresses.push_back(read_address(item)); });
  return addresses;
}

std::vector<cluster::VirtualRoute> read_routes(const Value& list, net::Family family) {
  std::vector<cluster::VirtualRoute> routes;
  read_each(list, [&](const Value& item) {
    const auto text = item.text();
    if (!text) return;
    if (const auto route = net::parse_route_text(*text, family); !route) item.problem(route.error().message);
    routes.push_back({.text = *text});
  });
  return routes;
}

std::vector<cluster::VirtualRule> read_rules(const Value& list, net::Family family) {
  std::vector<cluster::VirtualRule> rules;
  read_each(list, [&](const Value& item) {
    const auto text = item.text();
    if (!text) return;
    if (const auto rule = net::parse_rule_text(*text, family); !rule) item.problem(rule.error().message);
    rules.push_back({.text = *text});
  });
  return rules;
}

std::vector<Track> read_tracks(const Value& list) {
  std::vector<Track> tracks;
  read_each(list, [&](const Value& item) {
    if (auto track = read_track(item)) tracks.push_back(std::move(*track));
  });
  return tracks;
}

cluster::VrrpNotify read_notify(const Value& map) {
  cluster::VrrpNotify notify;
  const auto fields = map.fields(notify_keys);
  if (!fields) return notify;
  for (const auto& [name, member] : notify_texts) read_text(*fields, name, notify.*member);
  read_flag(*fields, "mail", notify.mail);
  read_flag(*fields, "priority_changes", notify.priority_changes);
  return notify;
}

}  // namespace ballast::config
