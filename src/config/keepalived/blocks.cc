#include "config/keepalived/blocks.h"

#include <fmt/format.h>

namespace ballast::config::keepalived {
namespace {

constexpr std::size_t most_levels = 16;

}  // namespace

std::vector<Node> build_tree(std::vector<Line> lines, Report& report) {
  Node root;
  std::vector<Node*> open = {&root};
  for (Line& line : lines) {
    std::vector<Node>& siblings = open.back()->children;
    if (line.words.front() == "{" && line.words.size() == 1) {
      if (siblings.empty() || siblings.back().has_block || open.size() > most_levels) {
        report.error(line.at, siblings.empty() || siblings.back().has_block
                                  ? "'{' without a keyword before it"
                                  : fmt::format("more than {} blocks in each other", most_levels));
        return {};
      }
      siblings.back().has_block = true;
      open.push_back(&siblings.back());
    } else if (line.words.front() == "}" && line.words.size() == 1) {
      if (open.size() == 1) {
        report.error(line.at, "'}' without a '{' before it");
        return {};
      }
      open.pop_back();
    } else {
      siblings.push_back({.words = std::move(line.words), .at = line.at, .has_block = false, .children = {}});
    }
  }
  if (open.size() > 1) {
    report.error(open.back()->at, fmt::format("the block of {} has no '}}'", quoted(open.back()->keyword())));
    return {};
  }
  return std::move(root.children);
}

}  // namespace ballast::config::keepalived
