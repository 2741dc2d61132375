// What can be told of an instance.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/address.h"
#include "vrrp/priority.h"
#include "vrrp/refusal.h"
#include "vrrp/router.h"

namespace ballast::vrrp {

struct Counters {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;       ///< and believed
  std::uint64_t leaving_sent = 0;   ///< of priority 0
  std::uint64_t leaving_heard = 0;  ///< of priority 0
  std::uint64_t became_active = 0;
  std::uint64_t mended = 0;  ///< addresses put back that somebody else had removed
  RefusalCounts refused{};
};

struct InstanceView {
  std::string name;
  std::string group;
  std::string interface;
  net::Family family = net::Family::ipv4;
  std::uint8_t version = 3;
  std::uint8_t router_id = 0;
  State state = State::initialize;
  std::chrono::milliseconds in_state{0};
  std::string why;
  bool resigned = false;
  std::uint8_t configured_priority = 0;
  std::uint8_t priority = 0;
  std::vector<std::string> because;  ///< what makes them differ
  net::Address address;              ///< that it advertises from
  std::optional<Heard> active_router;
  std::chrono::milliseconds interval{0};
  std::vector<net::Prefix> addresses;
  std::vector<Tracked> tracked;
  Counters counters;
};

/// The plane as a whole.
struct EngineView {
  std::vector<InstanceView> instances;
  RefusalCounts refused{};                         ///< what could not be told to be for an instance
  std::chrono::microseconds greatest_lateness{0};  ///< of a timer, ever
};

}  // namespace ballast::vrrp
