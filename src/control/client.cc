#include "control/client.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <boost/json/serialize.hpp>

#include <chrono>

#include "base/instance.h"
#include "control/json.h"
#include "control/json_text.h"

namespace ballast::control {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds answer_within{30};

Error no_connection(const std::string& instance, const std::string& path, int code) {
  if (code == ECONNREFUSED || code == ENOENT) {
    return {
        fmt::format("no ballast daemon answers for instance '{}' ({}: {}): start one with 'ballast run --instance {}' "
                    "or 'systemctl start ballast'",
                    instance, path, std::strerror(code), instance),
        code};
  }
  if (code == EACCES || code == EPERM) {
    return {fmt::format("{}: {}: run this as root", path, std::strerror(code)), EACCES};
  }
  return {fmt::format("{}: {}", path, std::strerror(code)), code};
}

/// Waits until the socket is ready for `events`.
Result<void> wait(int socket, short events, Clock::time_point deadline) {
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd waited{socket, events, 0};
    const int ready = left > 0 ? ::poll(&waited, 1, static_cast<int>(left)) : 0;
    if (ready > 0) return {};
    if (ready == 0) {
      return fail(fmt::format("the daemon gave no answer within {} s: see its log", answer_within.count()), ETIMEDOUT);
    }
    if (errno != EINTR) return fail_errno("waiting for the daemon");
  }
}

Result<void> send_all(int socket, std::string_view bytes, Clock::time_point deadline) {
  while (!bytes.empty()) {
    if (auto ready = wait(socket, POLLOUT, deadline); !ready) return ready;
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EPIPE || errno == ECONNRESET) {
      return {};  // what the daemon had to say before it hung up is still to be read
    } else if (errno != EAGAIN && errno != EINTR) {
      return fail_errno("asking the daemon");
    }
  }
  return {};
}

/// One line, without its end; what comes behind it stays in `received`.
Result<std::string> receive_line(int socket, std::string& received, Clock::time_point deadline) {
  std::size_t searched = 0;
  while (true) {
    if (const auto end = received.find('\n', searched); end != std::string::npos) {
      std::string line = received.substr(0, end);
      received.erase(0, end + 1);
      return line;
    }
    searched = received.size();
    if (auto ready = wait(socket, POLLIN, deadline); !ready) return std::unexpected(ready.error());
    char chunk[65536];
    const ssize_t got = ::recv(socket, chunk, sizeof chunk, MSG_DONTWAIT);
    if (got > 0) {
      received.append(chunk, static_cast<std::size_t>(got));
    } else if (got == 0 || errno == ECONNRESET) {
      return fail("the daemon ended before it answered: see its log", ECONNRESET);
    } else if (errno != EAGAIN && errno != EINTR) {
      return fail_errno("reading the daemon's answer");
    }
  }
}

Result<boost::json::value> unwrap(std::string_view line) {
  const auto answer = parse_json(line);
  const boost::json::object* object = answer ? answer->if_object() : nullptr;
  if (object != nullptr) {
    if (const auto* result = object->if_contains("result")) return *result;
    const auto* refusal = object->if_contains("error");
    const auto error = refusal != nullptr ? from_json<std::optional<Error>>(*refusal) : std::nullopt;
    if (error && *error) return std::unexpected(**error);
  }
  return fail("the daemon's answer is not understood: daemon and command are of different versions", EPROTO);
}

}  // namespace

Result<Client> Client::connect(const std::string& instance) {
  const std::string path = control_socket(instance);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return fail(fmt::format("{}: too long for a unix socket: take a shorter instance name", path), ENAMETOOLONG);
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return fail_errno("unix socket");
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return std::unexpected(no_connection(instance, path, errno));
  }
  return Client(std::move(socket));
}

Result<boost::json::value> Client::call(std::string_view operation, boost::json::object arguments) {
  arguments["op"] = operation;
  const auto deadline = Clock::now() + answer_within;
  const std::string request = boost::json::serialize(arguments) + "\n";
  if (auto sent = send_all(socket_.get(), request, deadline); !sent) return std::unexpected(sent.error());
  auto line = receive_line(socket_.get(), received_, deadline);
  if (!line) return std::unexpected(line.error());
  return unwrap(*line);
}

}  // namespace ballast::control
