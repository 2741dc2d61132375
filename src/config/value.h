// A setting while it is read: a node of the document, its path for messages, and where to put problems. Every reader
// reports what is wrong and then gives nothing, so that reading goes on and finds the other problems too.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/document.h"
#include "config/problem.h"

namespace ballast::config {

/// A key that a map may have; or one that the format has and this version cannot act on.
struct Key {
  std::string_view name;
  bool supported = true;
};
constexpr Key not_yet(std::string_view name) { return {.name = name, .supported = false}; }

class Fields;

class Value {
 public:
  Value(NodePointer node, std::string path, Problems& problems)
      : node_(std::move(node)), path_(std::move(path)), problems_(&problems) {}

  [[nodiscard]] Position at() const { return node_->at; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] bool is_null() const { return node_->kind == TreeNode::Kind::null; }
  [[nodiscard]] bool is_map() const { return node_->kind == TreeNode::Kind::map; }
  [[nodiscard]] bool is_list() const { return node_->kind == TreeNode::Kind::sequence; }
  /// True for a scalar with just that text.
  [[nodiscard]] bool is_word(std::string_view word) const {
    return node_->kind == TreeNode::Kind::scalar && node_->text == word;
  }
  [[nodiscard]] Problems& problems() const { return *problems_; }

  /// Reports "PATH: MESSAGE" at this value.
  void problem(std::string_view message) const;
  /// Reports that `what` is not supported in this version.
  void unsupported(std::string_view what) const;

  /// A scalar's text.
  [[nodiscard]] std::optional<std::string> text() const;
  /// A decimal number within [least, greatest].
  [[nodiscard]] std::optional<std::uint64_t> number(std::uint64_t least, std::uint64_t greatest) const;
  /// true or false
  [[nodiscard]] std::optional<bool> boolean() const;
  /// A duration as parse_duration() reads it.
  [[nodiscard]] std::optional<std::chrono::seconds> duration() const;
  /// A duration as parse_fine_duration() reads it, within [least, greatest].
  [[nodiscard]] std::optional<std::chrono::milliseconds> milliseconds(
      std::chrono::milliseconds least, std::chrono::milliseconds greatest = std::chrono::hours{24}) const;
  /// ... of at most an hour, down to microseconds.
  [[nodiscard]] std::optional<std::chrono::microseconds> microseconds() const;
  /// The index of the word in `words`.
  [[nodiscard]] std::optional<std::size_t> one_of(std::span<const std::string_view> words) const;
  /// The members of a sequence; an empty value is an empty one.
  [[nodiscard]] std::optional<std::vector<Value>> items() const;
  /// The entries of a map with keys of the operator's choice; an empty value is an empty one. Keys that are no names,
  /// or no titles, are reported and left out.
  [[nodiscard]] std::optional<std::vector<std::pair<std::string, Value>>> named() const;
  [[nodiscard]] std::optional<std::vector<std::pair<std::string, Value>>> titled() const;
  /// A map with some of `keys`. Unknown and unsupported ones are reported.
  [[nodiscard]] std::optional<Fields> fields(std::span<const Key> keys) const;

 private:
  friend class Fields;
  [[nodiscard]] std::optional<std::vector<std::pair<std::string, Value>>> entries(bool (*allowed)(std::string_view),
                                                                                  std::string_view rule) const;
  void wrong_type(std::string_view expected) const;

  NodePointer node_;
  std::string path_;
  Problems* problems_;
};

/// The known keys of a map.
class Fields {
 public:
  explicit Fields(Value map) : map_(std::move(map)) {}
  [[nodiscard]] const Value& map() const { return map_; }
  /// The value of a key, where it is there.
  [[nodiscard]] std::optional<Value> get(std::string_view key) const;
  [[nodiscard]] bool has(std::string_view key) const { return get(key).has_value(); }

 private:
  Value map_;
};

/// A word and what it stands for.
template <typename E>
struct Choice {
  std::string_view word;
  E value;
};

/// The value of the word, which is one of `choices`.
template <typename E, std::size_t N>
std::optional<E> choose(const Value& value, const std::array<Choice<E>, N>& choices) {
  std::array<std::string_view, N> words;
  for (std::size_t i = 0; i < N; ++i) words[i] = choices[i].word;
  const auto index = value.one_of(words);
  return index ? std::optional<E>(choices[*index].value) : std::nullopt;
}

/// The word of a value that `choices` has.
template <typename E, std::size_t N>
std::string_view word_of(E value, const std::array<Choice<E>, N>& choices) {
  for (const auto& choice : choices) {
    if (choice.value == value) return choice.word;
  }
  return {};
}

/// True for what may name a pool or service: [A-Za-z0-9_.-]+, at most 64 bytes.
bool is_name(std::string_view text);
/// True for what may name a thing of VRRP, as keepalived.conf names it: printable ASCII, 1 to 64 bytes.
bool is_title(std::string_view text);
/// What is wrong with a text that is none.
inline constexpr std::string_view title_rule = "1 to 64 characters of printable ASCII";

}  // namespace ballast::config
