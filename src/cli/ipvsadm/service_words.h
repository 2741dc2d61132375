// The words for parts of a service that lists and rules share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cluster/model.h"

namespace ballast::ipvsadm {

/// "TCP", "UDP", "SCTP"; "IP" for the templates of firewall marks, which have no protocol.
std::string_view protocol_title(std::uint8_t protocol);

/// The protocol in whose light ports have names: 0, and so none, for firewall marks.
std::uint8_t protocol_of(const cluster::ServiceKey& key);

/// Marks are printed as signed numbers: above 2^31-1 they are negative.
std::int32_t signed_mark(const cluster::MarkKey& key);

/// "sh-fallback,sh-port", "flag-1,flag-3"; nullopt where no flag is set. Empty where only such are set as the scheduler
/// has no name for.
std::optional<std::string> scheduler_flags_text(const cluster::VirtualService& service);

/// "255.255.255.0" or "64"; nullopt where every bit of the client's address counts. Only for persistent services.
std::optional<std::string> mask_text(const cluster::VirtualService& service);

}  // namespace ballast::ipvsadm
