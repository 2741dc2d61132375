// Tables of keywords: what reads each, and which are read and not acted on.
#pragma once

#include <fmt/format.h>

#include <span>
#include <string_view>
#include <vector>

#include "config/keepalived/values.h"

namespace ballast::config::keepalived {

/// A keyword, and how its node gets into `T`.
template <typename T>
struct Keyword {
  std::string_view name;
  void (*read)(T& target, const Node& node, Context& context);
};

/// A keyword that keepalived has and that is not acted on, with the reason, which begins behind "NAME is not acted on:
/// ".
struct Unused {
  std::string_view name;
  std::string_view reason;
};

/// Reads one node by the tables. A keyword of neither is an error that names the nearest.
template <typename T>
void read_node(std::span<const Keyword<T>> keywords, std::span<const Unused> unused, T& target, const Node& node,
               std::string_view where, Context& context) {
  for (const auto& keyword : keywords) {
    if (keyword.name == node.keyword()) return keyword.read(target, node, context);
  }
  for (const auto& one : unused) {
    if (one.name == node.keyword()) {
      node.pass_over();
      return context.report.warning(node.at, fmt::format("{} is not acted on: {}", one.name, one.reason));
    }
  }
  std::vector<std::string_view> known;
  for (const auto& keyword : keywords) known.push_back(keyword.name);
  for (const auto& one : unused) known.push_back(one.name);
  context.report.unknown_keyword(node.at, node.keyword(), where, known);
}

/// Reads the block of a node.
template <typename T>
void read_block(std::span<const Keyword<T>> keywords, std::span<const Unused> unused, T& target, const Node& block,
                std::string_view where, Context& context) {
  for (const Node& node : block.children) {
    if (context.report.full()) return;
    read_node(keywords, unused, target, node, where, context);
  }
}

}  // namespace ballast::config::keepalived
