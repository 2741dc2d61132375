#include "config/value.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "config/edit_distance.h"
#include "config/scalars.h"

namespace ballast::config {
namespace {

constexpr std::size_t longest_name = 64;

std::string_view describe(TreeNode::Kind kind) {
  switch (kind) {
    case TreeNode::Kind::null:
      return "nothing";
    case TreeNode::Kind::scalar:
      return "a single value";
    case TreeNode::Kind::sequence:
      return "a list";
    case TreeNode::Kind::map:
      return "a map";
  }
  return "?";
}

std::string join_path(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
}

/// "; did you mean 'X'?" where a word is near, the valid words elsewhere.
std::string advice(std::string_view word, std::span<const std::string_view> valid) {
  const std::string_view meant = nearest(word, valid);
  return meant.empty() ? fmt::format("; valid: {}", fmt::join(valid, ", "))
                       : fmt::format("; did you mean '{}'?", meant);
}

std::vector<std::string_view> supported_names(std::span<const Key> keys) {
  std::vector<std::string_view> names;
  for (const Key& key : keys) {
    if (key.supported) names.push_back(key.name);
  }
  return names;
}

}  // namespace

bool is_name(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-';
  };
  return !text.empty() && text.size() <= longest_name && std::ranges::all_of(text, allowed);
}

bool is_title(std::string_view text) {
  return !text.empty() && text.size() <= longest_name &&
         std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

void Value::problem(std::string_view message) const {
  problems_->add(at(), path_.empty() ? std::string(message) : fmt::format("{}: {}", path_, message));
}

void Value::unsupported(std::string_view what) const {
  problem(fmt::format("{} is not supported in this version", what));
}

void Value::wrong_type(std::string_view expected) const {
  problem(fmt::format("expected {}, found {}", expected, describe(node_->kind)));
}

std::optional<std::string> Value::text() const {
  if (node_->kind != TreeNode::Kind::scalar) {
    wrong_type("a single value");
    return {};
  }
  return node_->text;
}

std::optional<std::uint64_t> Value::number(std::uint64_t least, std::uint64_t greatest) const {
  const auto word = text();
  if (!word) return {};
  std::uint64_t number = 0;
  const char* end = word->data() + word->size();
  const auto [rest, error] = std::from_chars(word->data(), end, number);
  if (error != std::errc{} || rest != end || number < least || number > greatest) {
    problem(fmt::format("{} is not a number from {} to {}", quoted(*word), least, greatest));
    return {};
  }
  return number;
}

std::optional<bool> Value::boolean() const {
  static constexpr std::array<Choice<bool>, 2> words = {{{"true", true}, {"false", false}}};
  return choose(*this, words);
}

std::optional<std::chrono::seconds> Value::duration() const {
  const auto word = text();
  if (!word) return {};
  const auto duration = parse_duration(*word);
  if (duration) return *duration;
  problem(duration.error().message);
  return {};
}

std::optional<std::chrono::milliseconds> Value::milliseconds(std::chrono::milliseconds least,
                                                             std::chrono::milliseconds greatest) const {
  const auto word = text();
  if (!word) return {};
  const auto read = parse_fine_duration(*word);
  if (!read) {
    problem(read.error().message);
    return {};
  }
  const auto duration = std::chrono::duration_cast<std::chrono::milliseconds>(*read);
  if (duration == *read && duration >= least && duration <= greatest) return duration;
  problem(fmt::format("{} is not from {} to {}", quoted(*word), format_fine_duration(least),
                      format_fine_duration(greatest)));
  return {};
}

std::optional<std::chrono::microseconds> Value::microseconds() const {
  const auto word = text();
  if (!word) return {};
  const auto read = parse_fine_duration(*word);
  if (read && *read <= std::chrono::hours{1}) return *read;
  problem(read ? fmt::format("{} is longer than an hour", quoted(*word)) : read.error().message);
  return {};
}

std::optional<std::size_t> Value::one_of(std::span<const std::string_view> words) const {
  const auto word = text();
  if (!word) return {};
  const auto found = std::ranges::find(words, *word);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  problem(fmt::format("{} is not one of {}{}", quoted(*word), fmt::join(words, ", "),
                      nearest(*word, words).empty() ? "" : advice(*word, words)));
  return {};
}

std::optional<std::vector<Value>> Value::items() const {
  if (is_null()) return std::vector<Value>{};
  if (node_->kind != TreeNode::Kind::sequence) {
    wrong_type("a list");
    return {};
  }
  std::vector<Value> items;
  items.reserve(node_->items.size());
  for (std::size_t i = 0; i < node_->items.size(); ++i) {
    items.emplace_back(node_->items[i], fmt::format("{}[{}]", path_, i), *problems_);
  }
  return items;
}

std::optional<std::vector<std::pair<std::string, Value>>> Value::named() const {
  return entries(is_name, "a name: letters, digits, '_', '.', '-', at most 64 of them");
}

std::optional<std::vector<std::pair<std::string, Value>>> Value::titled() const {
  return entries(is_title, fmt::format("a name: {}", title_rule));
}

std::optional<std::vector<std::pair<std::string, Value>>> Value::entries(bool (*allowed)(std::string_view),
                                                                         std::string_view rule) const {
  if (is_null()) return std::vector<std::pair<std::string, Value>>{};
  if (!is_map()) {
    wrong_type("a map of names");
    return {};
  }
  std::vector<std::pair<std::string, Value>> entries;
  for (const Entry& entry : node_->entries) {
    if (!allowed(entry.key)) {
      problems_->add(entry.at, fmt::format("{}: {} is not {}", path_, quoted(entry.key), rule));
      continue;
    }
    entries.emplace_back(entry.key, Value(entry.value, join_path(path_, entry.key), *problems_));
  }
  return entries;
}

std::optional<Fields> Value::fields(std::span<const Key> keys) const {
  const auto names = supported_names(keys);
  if (!is_map()) {
    wrong_type(fmt::format("a map with keys of {}", fmt::join(names, ", ")));
    return {};
  }
  for (const Entry& entry : node_->entries) {
    if (problems_->full()) break;
    const auto key = std::ranges::find(keys, entry.key, &Key::name);
    const std::string prefix = path_.empty() ? "" : path_ + ": ";
    if (key == keys.end()) {
      problems_->add(entry.at, fmt::format("{}unknown key {}{}", prefix, quoted(entry.key), advice(entry.key, names)));
    } else if (!key->supported) {
      problems_->add(entry.at, fmt::format("{}'{}' is not supported in this version; remove it", prefix, key->name));
    }
  }
  return Fields(*this);
}

std::optional<Value> Fields::get(std::string_view key) const {
  const auto entry = std::ranges::find(map_.node_->entries, key, &Entry::key);
  if (entry == map_.node_->entries.end()) return {};
  return Value(entry->value, join_path(map_.path_, key), *map_.problems_);
}

}  // namespace ballast::config
