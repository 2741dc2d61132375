// How far apart two words are, for "did you mean".
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace ballast::config {

/// The number of insertions, deletions, substitutions and swaps of neighbours that make `a` into `b` (optimal string
/// alignment). Takes time and memory by the product of the lengths: for words, not for texts.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate nearest to `word`, or an empty view where none is near enough to be what was meant (more than a third
/// of the word would have to change, or the word is longer than 64 bytes).
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace ballast::config
