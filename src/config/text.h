// Words as YAML that reads them back.
#pragma once

#include <string>
#include <string_view>

namespace ballast::config {

std::string in_quotes(std::string_view text);

/// A key of a map: bare unless YAML would read the word as its null.
std::string key_text(std::string_view name);

}  // namespace ballast::config
