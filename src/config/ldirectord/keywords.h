// The keywords of ldirectord 4.12: tables of what reads each.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/ldirectord/file.h"
#include "config/ldirectord/values.h"

namespace ballast::config::ldirectord {

/// A keyword, and how its setting gets into `T`.
template <typename T>
struct Keyword {
  std::string_view name;
  void (*read)(T& target, const Setting& setting, Context& context);
};

/// Those that may stand for the whole file and in a virtual service.
std::span<const Keyword<Common>> common_keywords();

void read_global(Globals& globals, const Setting& setting, Context& context);
Virtual read_virtual(const Block& block, Context& context);
/// True for a keyword that only virtual services have.
bool is_of_virtual(std::string_view keyword);

/// The servers of a `real=` line: one, or those of a range "10.0.0.1->10.0.0.9".
std::vector<Real> read_real(const Setting& setting, net::Family family, Context& context);
std::optional<Fallback> read_fallback(const Setting& setting, Context& context);

/// Reads a setting by the tables, `own` first. Reports a keyword that is in neither.
template <typename T>
void read_by_tables(std::span<const Keyword<T>> own, T& target, const Setting& setting, std::string_view where,
                    Context& context) {
  for (const auto& keyword : own) {
    if (keyword.name == setting.keyword) return keyword.read(target, setting, context);
  }
  for (const auto& keyword : common_keywords()) {
    if (keyword.name == setting.keyword) return keyword.read(target, setting, context);
  }
  std::vector<std::string_view> known;
  for (const auto& keyword : own) known.push_back(keyword.name);
  for (const auto& keyword : common_keywords()) known.push_back(keyword.name);
  context.report.unknown_keyword(setting.at, setting.keyword, where, known);
}

}  // namespace ballast::config::ldirectord
