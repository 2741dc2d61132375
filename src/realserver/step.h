// The single changes that make a real server, each with its way back.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "net/address.h"

namespace ballast::realserver {

struct InterfaceName {
  std::uint32_t index = 0;
  std::string name;
  friend bool operator==(const InterfaceName&, const InterfaceName&) = default;
};

/// What the packet programs do for one VIP.
struct VipSettings {
  bool unwrap = false;    ///< tunnelled packets for it are unwrapped
  std::uint16_t mss = 0;  ///< 0: not clamped
  friend bool operator==(const VipSettings&, const VipSettings&) = default;
};

/// All that the packet programs are told.
struct ProgramSettings {
  std::map<net::Address, VipSettings> vips;
  std::set<net::Address> local;  ///< addresses of this server at which tunnels may end
  std::uint16_t gue_port = 0;
  friend bool operator==(const ProgramSettings&, const ProgramSettings&) = default;
};

enum class Direction : std::uint8_t {
  ingress,  ///< unwrapping
  egress,   ///< MSS clamping
};

/// Switches an interface on or off.
struct SetLink {
  InterfaceName interface;
  bool up = true;
  friend bool operator==(const SetLink&, const SetLink&) = default;
};

/// Sets a kernel parameter that now has the value `from`.
struct SetSysctl {
  std::string name;
  std::string from;
  std::string to;
  friend bool operator==(const SetSysctl&, const SetSysctl&) = default;
};

/// Puts an address on an interface or takes it off.
struct ChangeAddress {
  InterfaceName interface;
  net::Prefix address;
  bool add = true;
  friend bool operator==(const ChangeAddress&, const ChangeAddress&) = default;
};

/// Adds or removes the clsact queueing discipline, to which packet programs are attached.
struct ChangeHook {
  InterfaceName interface;
  bool add = true;
  friend bool operator==(const ChangeHook&, const ChangeHook&) = default;
};

enum class ProgramChange : std::uint8_t { attach, replace, detach };

/// Attaches one of our packet programs, puts this version in the place of another one, or detaches it.
struct ChangeProgram {
  InterfaceName interface;
  Direction direction = Direction::ingress;
  ProgramChange change = ProgramChange::attach;
  friend bool operator==(const ChangeProgram&, const ChangeProgram&) = default;
};

/// Tells the packet programs what to do.
struct Configure {
  ProgramSettings from;
  ProgramSettings to;
  friend bool operator==(const Configure&, const Configure&) = default;
};

using Step = std::variant<SetLink, SetSysctl, ChangeAddress, ChangeHook, ChangeProgram, Configure>;

/// The step that takes `step` back. A replaced program stays: its inverse is itself.
Step inverse(const Step& step);

/// The shell command that does the same, or where none exists a line that begins with '#' and says what is done.
std::string command_of(const Step& step);

/// `done` with the lasting changes of `more` behind it: what an undo has to take back. A parameter changed twice keeps
/// its first old value; nothing is listed twice.
std::vector<Step> merge(std::vector<Step> done, const std::vector<Step>& more);

}  // namespace ballast::realserver
