// What the control interface tells of VRRP.
#pragma once

#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "net/address.h"
#include "vrrp/view.h"

namespace ballast::control {

struct VrrpTrackView {
  std::string kind;  ///< "interface", "script", "file", "process", "check", "director"
  std::string name;
  bool good = true;
  std::int64_t value = 0;   ///< of a file
  std::int64_t weight = 0;  ///< 0: its failure is a fault
  bool reverse = false;
  friend bool operator==(const VrrpTrackView&, const VrrpTrackView&) = default;
};

struct VrrpCount {
  std::string name;
  std::uint64_t value = 0;
  friend bool operator==(const VrrpCount&, const VrrpCount&) = default;
};

struct VrrpView {
  std::string name;
  std::string group;
  std::string interface;
  std::string family;
  std::uint32_t version = 3;
  std::uint32_t router_id = 0;
  std::string state;  ///< "initialize", "backup", "active", "fault"
  std::uint64_t in_state_ms = 0;
  std::string why;
  bool resigned = false;
  std::uint32_t configured_priority = 0;
  std::uint32_t priority = 0;
  std::vector<std::string> because;  ///< what makes them differ
  net::Address address;
  std::optional<net::Address> active_router;  ///< that was heard last
  std::uint32_t active_priority = 0;
  std::uint64_t interval_ms = 0;
  std::vector<std::string> addresses;
  std::vector<VrrpTrackView> tracks;
  std::vector<VrrpCount> counters;
  std::vector<VrrpCount> refused;  ///< advertisements, by reason
  friend bool operator==(const VrrpView&, const VrrpView&) = default;
};

struct VrrpStatus {
  std::vector<VrrpView> instances;
  std::vector<VrrpCount> refused;  ///< advertisements that are for none of them, by reason
  std::uint64_t greatest_lateness_us = 0;
  friend bool operator==(const VrrpStatus&, const VrrpStatus&) = default;
};

VrrpStatus view_of(const vrrp::EngineView& view);

boost::json::value to_json(const VrrpStatus& status);
Result<VrrpStatus> vrrp_from_json(const boost::json::value& value);

}  // namespace ballast::control
