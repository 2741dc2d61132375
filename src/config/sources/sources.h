// All formats of configuration, and several files as one.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/names.h"
#include "config/reading.h"

namespace ballast::config {

enum class Format : std::uint8_t { yaml, ldirectord, keepalived };

/// "YAML", "ldirectord", "keepalived"
std::string_view to_string(Format format);

/// A file and what it is written in.
struct Source {
  Format format = Format::yaml;
  std::string path;
  std::optional<std::string> text{};  ///< what is in it, where it was read already: a pipe can be read once
  friend bool operator==(const Source&, const Source&) = default;
};

/// What a file is most likely written in: by its name (.yaml, .yml, .cf, keepalived*, .conf), else by its first line
/// that says something.
Format guess_format(std::string_view path, std::string_view text);

/// Reads a text in a format. `path` is for messages, and where included files are looked for.
std::expected<Reading, std::vector<Problem>> read_as(Format format, std::string_view text, const std::string& path,
                                                     const Names& names);

/// Reads all files and joins them: services, virtual routers and what they track are added up, and no two may be the
/// same; of the settings of the director and of synchronization only one file may have those that are not the defaults.
/// Gives all problems of all files, or none. A file that cannot be read is a problem.
std::expected<Reading, std::vector<Problem>> read_sources(const std::vector<Source>& sources, const Names& names);

}  // namespace ballast::config
