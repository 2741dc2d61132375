// keepalived.conf as a tree: keywords with their words, and the blocks in braces behind them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/keepalived/lines.h"

namespace ballast::config::keepalived {

struct Node {
  std::vector<std::string> words;  ///< the keyword and what follows it; at least one
  Place at;
  bool has_block = false;
  std::vector<Node> children;  ///< what stands in the block

  [[nodiscard]] const std::string& keyword() const { return words.front(); }
  /// The word at a place behind the keyword, counted from 1; empty where there is none.
  [[nodiscard]] std::string_view word(std::size_t index) const {
    return index < words.size() ? std::string_view(words[index]) : std::string_view{};
  }
};

/// The tree of all lines, at most 16 levels deep.
std::vector<Node> build_tree(std::vector<Line> lines, Report& report);

}  // namespace ballast::config::keepalived
