#include "config/document.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <unordered_map>
#include <utility>

namespace ballast::config {
namespace {

/// Ends the parse from inside one of its callbacks; never leaves this file.
struct Refusal {
  Position at;
  std::string message;
};

[[noreturn]] void refuse(Position at, std::string message) { throw Refusal{at, std::move(message)}; }

Position position(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {.line = mark.line + 1, .column = mark.column + 1};
}

/// A comment that is put behind every text. yaml-cpp takes the end of the text for the end of an open quote; with this,
/// such a scalar is known by what it contains.
constexpr std::string_view end_mark = "\n#\x7f end of the text \x7f\n";
constexpr std::string_view end_mark_in_scalar = "#\x7f end of the text \x7f";

void check_tag(const YAML::Mark& mark, const std::string& tag) {
  const bool implicit = tag.empty() || tag == "?" || tag == "!";
  if (!implicit) refuse(position(mark), fmt::format("the YAML tag {} has no meaning here; remove it", quoted(tag)));
}

/// A sequence or map that is not closed yet.
struct Open {
  std::shared_ptr<TreeNode> node;
  YAML::anchor_t anchor = 0;
  bool has_key = false;
  Entry entry;                                     ///< the key that waits for its value
  std::unordered_map<std::string, int> key_lines;  ///< keys seen, and on which line
};

class Builder : public YAML::EventHandler {
 public:
  explicit Builder(Problems& problems) : problems_(problems) {}

  /// The document, or nullptr where none came.
  [[nodiscard]] NodePointer root() const { return root_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (root_) refuse(position(mark), "a second YAML document begins here; one file is one document");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    place(make(TreeNode::Kind::null, position(mark)), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto target = anchors_.find(anchor);
    if (target == anchors_.end()) refuse(position(mark), "this YAML alias stands inside what it refers to");
    attach(target->second, position(mark));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_tag(mark, tag);
    if (value.find(end_mark_in_scalar) != std::string::npos)
      refuse(position(mark), "not YAML: this quote is not closed");
    if (!open_.empty() && open_.back().node->kind == TreeNode::Kind::map && !open_.back().has_key) {
      take_key(position(mark), value, anchor);
      return;
    }
    auto node = make_scalar(position(mark), value);
    place(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    check_tag(mark, tag);
    begin(TreeNode::Kind::sequence, position(mark), anchor);
  }
  void OnSequenceEnd() override { end(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    check_tag(mark, tag);
    begin(TreeNode::Kind::map, position(mark), anchor);
  }
  void OnMapEnd() override { end(); }

 private:
  std::shared_ptr<TreeNode> make(TreeNode::Kind kind, Position at) {
    if (++made_ > most_nodes) refuse(at, fmt::format("more than {} values", most_nodes));
    auto node = std::make_shared<TreeNode>();
    node->kind = kind;
    node->at = at;
    return node;
  }

  std::shared_ptr<TreeNode> make_scalar(Position at, const std::string& text) {
    auto node = make(TreeNode::Kind::scalar, at);
    node->text = text;
    return node;
  }

  void begin(TreeNode::Kind kind, Position at, YAML::anchor_t anchor) {
    require_key_or_place_for_value(at);
    if (open_.size() >= most_levels) refuse(at, fmt::format("nested deeper than {} levels", most_levels));
    open_.push_back({.node = make(kind, at), .anchor = anchor, .has_key = false, .entry = {}, .key_lines = {}});
  }

  void end() {
    auto node = std::move(open_.back().node);
    const auto anchor = open_.back().anchor;
    open_.pop_back();
    place(std::move(node), anchor);
  }

  void place(std::shared_ptr<TreeNode> node, YAML::anchor_t anchor) {
    const Position at = node->at;
    if (node->kind == TreeNode::Kind::null && !open_.empty() && open_.back().has_key) node->at = open_.back().entry.at;
    if (anchor != 0) anchors_[anchor] = node;
    attach(std::move(node), at);
  }

  void take_key(Position at, const std::string& key, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = make_scalar(at, key);
    Open& map = open_.back();
    map.has_key = true;
    map.entry = {.key = key, .at = at, .value = nullptr};
  }

  void require_key_or_place_for_value(Position at) {
    if (open_.empty()) return;
    const Open& parent = open_.back();
    if (parent.node->kind == TreeNode::Kind::map && !parent.has_key) refuse(at, "a key must be a word");
  }

  void attach(NodePointer node, Position at) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    require_key_or_place_for_value(at);
    Open& parent = open_.back();
    count(*parent.node, *node, at);
    if (parent.node->kind == TreeNode::Kind::sequence) {
      parent.node->items.push_back(std::move(node));
    } else {
      attach_entry(parent, std::move(node));
    }
  }

  void count(TreeNode& parent, const TreeNode& child, Position at) {
    parent.size += child.size;
    parent.height = std::max(parent.height, child.height + 1);
    if (parent.size > most_nodes) refuse(at, fmt::format("more than {} values (aliases count each time)", most_nodes));
    if (open_.size() + child.height > most_levels + 1) {
      refuse(at, fmt::format("nested deeper than {} levels", most_levels));
    }
  }

  void attach_entry(Open& map, NodePointer value) {
    map.has_key = false;
    Entry entry = std::exchange(map.entry, {});
    const auto [seen, is_new] = map.key_lines.try_emplace(entry.key, entry.at.line);
    if (!is_new) {
      problems_.add(entry.at,
                    fmt::format("key {} is here twice; the first is on line {}", quoted(entry.key), seen->second));
      return;
    }
    entry.value = std::move(value);
    map.node->entries.push_back(std::move(entry));
  }

  Problems& problems_;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, NodePointer> anchors_;
  NodePointer root_;
  std::size_t made_ = 0;
};

NodePointer parse(std::string_view text, Problems& problems) {
  std::istringstream stream{std::string(text).append(end_mark)};
  YAML::Parser parser(stream);
  Builder builder(problems);
  while (parser.HandleNextDocument(builder)) {
  }
  return builder.root() ? builder.root() : std::make_shared<const TreeNode>();
}

}  // namespace

NodePointer read_document(std::string_view text, Problems& problems) {
  if (text.size() > largest_text_bytes) {
    problems.add({}, fmt::format("larger than {} MiB; no configuration is", largest_text_bytes >> 20));
    return nullptr;
  }
  if (text.find('\0') != std::string_view::npos) {
    problems.add({}, "has NUL bytes, so it is no text or not UTF-8; save it as UTF-8");
    return nullptr;
  }
  try {
    return parse(text, problems);
  } catch (const Refusal& refusal) {
    problems.add(refusal.at, refusal.message);
  } catch (const YAML::Exception& error) {
    problems.add(position(error.mark), "not YAML: " + printable(error.msg, 200));
  } catch (const std::exception& error) {
    problems.add({}, fmt::format("cannot be read: {}", error.what()));
  }
  return nullptr;
}

}  // namespace ballast::config
