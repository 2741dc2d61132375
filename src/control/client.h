// The asking side of the control interface (control/api.h).
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/fd.h"

namespace ballast::control {

class Client {
 public:
  /// Connects to the daemon of `instance`. Where none runs: an Error with code ECONNREFUSED or ENOENT that says how to
  /// start one; where the caller may not: EACCES.
  static Result<Client> connect(const std::string& instance);

  /// Asks and waits for the answer (at most 30 s). The daemon's refusal comes back as the Error, its errno in `code`.
  Result<boost::json::value> call(std::string_view operation, boost::json::object arguments = {});

 private:
  explicit Client(Fd socket) : socket_(std::move(socket)) {}
  Fd socket_;
  std::string received_;  ///< bytes behind the last answer
};

}  // namespace ballast::control
