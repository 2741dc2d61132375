// The values of settings. A value that is wrong is reported and then absent.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/model.h"
#include "config/ldirectord/lines.h"
#include "config/names.h"
#include "config/report.h"

namespace ballast::config::ldirectord {

/// What reading a setting takes.
struct Context {
  Report& report;
  const Names& names;
};

/// The text behind '='; reports where there is none.
std::optional<std::string> text_of(const Setting& setting, Context& context);
/// A text in double quotes, without them; what follows the last one is left out. `required`: one without quotes is
/// wrong.
std::optional<std::string> quoted_text_of(const Setting& setting, Context& context, bool required);
/// The first decimal number in the value, as ldirectord takes it; what stands around it is warned of.
std::optional<std::uint32_t> number_of(const Setting& setting, Context& context, std::uint32_t least,
                                       std::uint32_t most);
std::optional<std::chrono::seconds> seconds_of(const Setting& setting, Context& context);
std::optional<bool> yes_or_no(const Setting& setting, Context& context);
/// The word, which must be one of `words`.
std::optional<std::string> word_of(const Setting& setting, Context& context, std::span<const std::string_view> words);
/// "a, b": the parts without blanks and quotes.
std::vector<std::string> list_of(std::string_view text);

/// gate, masq, ipip.
std::optional<cluster::ForwardingMethod> forward_of(std::string_view word, const Place& at, Context& context);
/// A number or the name of a service.
std::optional<std::uint16_t> port_of(const std::string& text, std::optional<cluster::Protocol> protocol,
                                     const Place& at, Context& context);
/// An address, in brackets or without, or a name.
std::optional<net::Address> address_of(std::string_view host, net::Family family, const Place& at, Context& context);

}  // namespace ballast::config::ldirectord
