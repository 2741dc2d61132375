#include "config/keepalived/blocks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <span>
#include <string>

namespace ballast::config::keepalived {
namespace {

constexpr std::size_t most_levels = 16;

std::string text_of(std::span<const std::string> words) { return quoted(fmt::format("{}", fmt::join(words, " "))); }

}  // namespace

std::vector<Node> build_tree(std::vector<Line> lines, Report& report) {
  Node root({""}, {});
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
      siblings.emplace_back(std::move(line.words), line.at);
    }
  }
  if (open.size() > 1) {
    report.error(open.back()->at, fmt::format("the block of {} has no '}}'", quoted(open.back()->keyword())));
    return {};
  }
  return std::move(root.children);
}

void warn_of_unread(const std::vector<Node>& tree, Report& report) {
  for (const Node& node : tree) {
    if (node.passed_over()) continue;
    const std::size_t read = node.words_read();
    if (read == 0) {
      report.warning(node.at, fmt::format("{} is not read: it does not belong here", text_of(node.words())));
      continue;
    }
    if (read < node.size()) {
      const std::span<const std::string> words(node.words());
      report.warning(node.at, fmt::format("behind {} stands {}, which is not read: one keyword to a line",
                                          text_of(words.first(read)), text_of(words.subspan(read))));
    }
    warn_of_unread(node.children, report);
  }
}

}  // namespace ballast::config::keepalived
