// How values are called in what people read: the words of ipvsadm.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "cluster/model.h"

namespace ballast::cli {

/// "Masq", "Tunnel", "Route"
std::string forward_word(cluster::ForwardingMethod method);
/// "TCP  10.0.0.1:80", "FWM  7", "FWM  7 IPv6"
std::string service_words(const cluster::ServiceKey& key);
/// "wrr (flag-1) persistent 360 mask 255.255.255.0 ops"
std::string scheduler_words(const cluster::VirtualService& service);
/// "TCP", "UDP", "SCTP", "IP", or the number
std::string protocol_word(std::uint8_t protocol);
/// "14:59", minutes and seconds, as ipvsadm -c prints it
std::string expiry_words(std::uint32_t seconds);
/// "1 service", "2 services"
std::string counted(std::size_t count, std::string_view what);
/// "3d 4h", "4h 05m", "5m 06s", "6s"
std::string duration_words(std::chrono::seconds duration);

}  // namespace ballast::cli
