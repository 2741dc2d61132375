// Readers of what instances and groups of `vrrp:` are made of.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/vrrp.h"
#include "config/value.h"

namespace ballast::config {

/// One instance; nullopt where its essentials are missing.
std::optional<cluster::VrrpInstance> read_instance(const std::string& name, const Value& value);

std::vector<cluster::VirtualAddress> read_addresses(const Value& list);
std::vector<cluster::VirtualRoute> read_routes(const Value& list, net::Family family);
std::vector<cluster::VirtualRule> read_rules(const Value& list, net::Family family);
std::vector<cluster::Track> read_tracks(const Value& list);
cluster::VrrpNotify read_notify(const Value& map);
std::vector<std::string> read_texts(const Value& list);

/// The value of a key that must be there; reports where it is not.
std::optional<Value> need(const Fields& fields, std::string_view key);

// These leave `target` alone where the key is not there or wrong.
void read_flag(const Fields& fields, std::string_view key, bool& target);
void read_text(const Fields& fields, std::string_view key, std::string& target);
void read_duration(const Fields& fields, std::string_view key, std::chrono::milliseconds least,
                   std::chrono::milliseconds& target);
/// `weight`: -253 to 253.
void read_weight(const Fields& fields, std::int32_t& target);
std::optional<std::int32_t> read_signed(const Value& value, std::int32_t least, std::int32_t greatest);

template <typename T>
void read_number(const Fields& fields, std::string_view key, std::uint64_t least, std::uint64_t greatest, T& target) {
  const auto value = fields.get(key);
  const auto number = value ? value->number(least, greatest) : std::nullopt;
  if (number) target = static_cast<T>(*number);
}

}  // namespace ballast::config
