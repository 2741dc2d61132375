// The values behind keywords. A value that is wrong is reported and then absent.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "config/keepalived/blocks.h"
#include "net/address.h"

namespace ballast::config::keepalived {

/// What reading takes.
struct Context {
  Report& report;
  const Names& names;
};

/// The word behind the keyword; reports where there is none.
std::optional<std::string> text_of(const Node& node, Context& context, std::size_t index = 1);
/// The word behind the keyword as the name of an interface.
std::optional<std::string> interface_of(const Node& node, Context& context, std::size_t index = 1);
/// A whole number. A word that is none, or out of its bounds, is reported.
std::optional<std::int64_t> number_of(const Node& node, Context& context, std::int64_t least, std::int64_t most,
                                      std::size_t index = 1);
/// on, true, yes or off, false, no; `without` where there is no word.
std::optional<bool> boolean_of(const Node& node, Context& context, std::optional<bool> without = true);
/// Seconds with decimals, to microseconds.
std::optional<std::chrono::microseconds> timer_of(const Node& node, Context& context, std::size_t index = 1);
/// The same, rounded to milliseconds.
std::optional<std::chrono::milliseconds> milliseconds_of(const Node& node, Context& context, std::size_t index = 1);
std::optional<net::Address> address_of(const Node& node, Context& context, std::size_t index = 1);
/// A number or the name of a service; 0 where there is no word.
std::optional<std::uint16_t> port_of(const Node& node, Context& context, std::size_t index);

/// A script and who runs it: SCRIPT [USER [GROUP]].
struct Script {
  std::string command;
  std::string user;  ///< "USER" or "USER:GROUP"
};
std::optional<Script> script_of(const Node& node, Context& context);
/// Sets `command`, and who runs it. keepalived has a user for each command; here some commands share one, and where two
/// are named the last one counts, with a warning.
void set_command(std::string& command, std::string& user, const Node& node, Context& context);
/// "USER [GROUP]" behind the keyword, as "USER" or "USER:GROUP".
std::string user_of(const Node& node, std::size_t index);

/// "[weight] N [reverse]": the words from `index` on.
struct Weight {
  std::optional<std::int32_t> weight;
  bool reverse = false;
};
std::optional<Weight> weight_of(const Node& node, Context& context, std::int64_t limit, std::size_t index = 1);

/// A whole number from -2^63 on, or nothing.
std::optional<std::int64_t> parse_number(std::string_view text);

}  // namespace ballast::config::keepalived
