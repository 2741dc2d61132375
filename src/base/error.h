// What goes wrong, as a value: one line for a person, and a code where a caller has to decide by it.
#pragma once

#include <cerrno>
#include <cstring>
#include <expected>
#include <string>
#include <utility>

namespace ballast {

/// A failure. `message` is one line that says what failed, where, and what to do about it; `code` is an errno value, or
/// 0 where no errno fits.
struct Error {
  std::string message;
  int code = 0;
};

template <typename T>
using Result = std::expected<T, Error>;

/// Makes the failure side of a Result.
inline std::unexpected<Error> fail(std::string message, int code = 0) {
  return std::unexpected(Error{std::move(message), code});
}

/// A failed system call: "what: reason of errno".
inline std::unexpected<Error> fail_errno(const std::string& what, int code = errno) {
  return fail(what + ": " + std::strerror(code), code);
}

}  // namespace ballast
