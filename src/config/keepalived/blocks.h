// keepalived.conf as a tree: keywords with their words, and the blocks in braces behind them.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "config/keepalived/lines.h"

namespace ballast::config::keepalived {

/// A keyword with its words. It notes how many of them were looked at, so that none is lost unseen.
class Node {
 public:
  /// `words`: at least one.
  Node(std::vector<std::string> words, Place place) : at(std::move(place)), words_(std::move(words)) {}

  /// The keyword and what follows it, all of which counts as read.
  [[nodiscard]] const std::vector<std::string>& words() const {
    words_read_ = words_.size();
    return words_;
  }
  [[nodiscard]] std::size_t size() const { return words_.size(); }
  [[nodiscard]] const std::string& keyword() const {
    note(0);
    return words_.front();
  }
  /// The word at a place behind the keyword, counted from 1; empty where there is none.
  [[nodiscard]] std::string_view word(std::size_t index) const {
    note(index);
    return index < words_.size() ? std::string_view(words_[index]) : std::string_view{};
  }

  /// Says that what stands here, its block included, is not acted on, and that a warning names it.
  void pass_over() const { passed_over_ = true; }
  [[nodiscard]] bool passed_over() const { return passed_over_; }
  [[nodiscard]] std::size_t words_read() const { return words_read_; }

  Place at;
  bool has_block = false;
  std::vector<Node> children{};  ///< what stands in the block

 private:
  void note(std::size_t index) const { words_read_ = std::max(words_read_, std::min(index + 1, words_.size())); }

  std::vector<std::string> words_;
  mutable std::size_t words_read_ = 0;
  mutable bool passed_over_ = false;
};

/// The tree of all lines, at most 16 levels deep.
std::vector<Node> build_tree(std::vector<Line> lines, Report& report);

/// When everything has been read: warns of the words and keywords that nothing looked at.
void warn_of_unread(const std::vector<Node>& tree, Report& report);

}  // namespace ballast::config::keepalived
