// $PARAMETERS of keepalived.conf, and the blocks ~SEQ and ~LST, which set some again and again.
#pragma once

#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace ballast::config::keepalived {

/// The values of parameters at a place of the text. A value may have several lines, and parameters itself, which stand
/// for what they are where it is used.
class Parameters {
 public:
  void set(const std::string& name, std::string value) { values_[name] = std::move(value); }
  void unset(const std::string& name) { values_.erase(name); }
  void seed(std::uint32_t seed) { random_.seed(seed); }

  /// The text with the first $NAME or ${NAME} that is defined replaced; absent where there is none. `behind`: only what
  /// stands there or later is looked at; it is moved to where the replaced text begins.
  std::optional<std::string> replace_first(std::string_view text, std::size_t& behind);

 private:
  /// The value of what stands between ${ and }.
  std::optional<std::string> value_of(std::string_view inside);

  std::map<std::string, std::string, std::less<>> values_;
  std::mt19937 random_{std::random_device{}()};
};

/// "$NAME=VALUE": the two.
struct Definition {
  std::string name;
  std::string value;
};
std::optional<Definition> parse_definition(std::string_view line);

/// A block ~SEQ(...), ~SEQx(...) or ~LST(...) at the beginning of a line.
struct Repetition {
  std::vector<std::string> names;
  std::vector<std::vector<std::string>> values;  ///< for each turn those of `names`
  std::string rest;                              ///< what is repeated
};
bool begins_repetition(std::string_view line);
/// An Error says what is wrong with the block.
Result<Repetition> parse_repetition(std::string_view line);

}  // namespace ballast::config::keepalived
