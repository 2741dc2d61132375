// A YAML text as a tree of nodes that know their place. Bounded in size, depth and expansion, so that no text can make
// the reader hang or run out of stack.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/problem.h"

namespace ballast::config {

struct TreeNode;
/// Shared, because a YAML alias makes one node stand in several places. Never null inside a tree.
using NodePointer = std::shared_ptr<const TreeNode>;

struct Entry {
  std::string key;
  Position at;  ///< of the key
  NodePointer value;
};

struct TreeNode {
  enum class Kind : std::uint8_t { null, scalar, sequence, map };
  Kind kind = Kind::null;
  Position at;                     ///< where the value is written; of a null value: where its key is
  std::string text;                ///< scalar
  std::vector<NodePointer> items;  ///< sequence
  std::vector<Entry> entries;      ///< map, in the order of the text, keys unique
  std::size_t size = 1;            ///< nodes in it, itself included, aliases expanded
  std::size_t height = 1;          ///< levels in it, aliases expanded
};

inline constexpr std::size_t largest_text_bytes = std::size_t{8} << 20;
inline constexpr std::size_t most_nodes = 1'000'000;  ///< with aliases expanded
inline constexpr std::size_t most_levels = 32;

/// Reads one YAML document in UTF-8. An empty text is a null node. Duplicate keys are reported and their later values
/// left out. nullptr where there is no tree to speak of: malformed YAML, more than one document, a tag, a key that is
/// not a word, a limit exceeded, an alias to what contains it; `problems` then says which.
NodePointer read_document(std::string_view text, Problems& problems);

}  // namespace ballast::config
