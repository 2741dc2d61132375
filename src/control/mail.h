// Sends mail: by the machine's sendmail, or by SMTP (RFC 5321) without TLS and login, as to a relay of one's own.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <string>

#include "base/error.h"
#include "control/alert_book.h"

namespace ballast::control {

/// The message as it is sent (RFC 5322), lines ended by CRLF. `host` is this machine's name.
std::string message_text(const Mail& mail, const std::string& host, std::chrono::system_clock::time_point now);

/// Sends it. Takes at most 30 s. The Error says which step failed, and what the server said.
boost::asio::awaitable<Result<void>> send_mail(Mail mail);

}  // namespace ballast::control
