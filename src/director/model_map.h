// The model's values in the words of the packet programs, and back.
#pragma once

#include <cstdint>
#include <string_view>

#include "cluster/model.h"
#include "director/abi.h"

namespace ballast::director {

/// The scheduler's number; SCHEDULER_NONE for a name that this build cannot run.
std::uint8_t scheduler_id(std::string_view name);

/// The scheduler with that number; empty for none.
std::string_view scheduler_name(std::uint8_t id);

/// The key of a service in the map of keys.
abi::service_key map_key(const cluster::ServiceKey& key);

/// The key of a service from its entry, and from the map of keys.
cluster::ServiceKey service_key_of(const abi::service& service);
cluster::ServiceKey service_key_of(const abi::service_key& key);

/// What the operator configured of a service, without its servers, from its entry.
cluster::VirtualService configured(const abi::service& entry);

/// Bits of service.flags.
std::uint32_t service_flags(const cluster::VirtualService& service);

/// Bits of settings.behaviour.
std::uint32_t behaviour_bits(const cluster::Behaviour& behaviour);

/// Fills in what the operator configures of a server; next hop, service and use are left alone. True where something
/// changed.
bool configure(abi::server& entry, const cluster::RealServer& server);

/// What the operator configured of a server, from its entry and its weight.
cluster::RealServer configured(const abi::server& entry, std::uint32_t weight);

}  // namespace ballast::director
