// Log lines to stderr: with a syslog priority prefix where the journal reads them, with time and level elsewhere.
#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace ballast::log {

/// Syslog severities (RFC 5424 §6.2.1), the ones in use.
enum class Level { error = 3, warning = 4, notice = 5, info = 6, debug = 7 };

/// Lines less severe than this are not written. Default: info.
void set_level(Level level);

/// Writes one line. Newlines inside the text become spaces, so that a line stays a line.
void write(Level level, std::string_view text);

template <typename... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::error, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::warning, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void notice(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::notice, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::info, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::debug, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace ballast::log
