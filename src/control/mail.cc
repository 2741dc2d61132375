#include "control/mail.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <memory>

#include "process/command.h"

namespace ballast::control {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::seconds longest{30};

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

std::string sender_of(const Mail& mail, const std::string& host) {
  return mail.alert.from.empty() ? "ballast@" + host : mail.alert.from;
}

/// Text without what would end a line of a header or of the dialogue.
std::string one_line(std::string text) {
  std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
  return text;
}

/// A dialogue with a server. After its time the socket is closed, which ends whatever waits for it.
class Smtp {
 public:
  explicit Smtp(const asio::any_io_executor& executor)
      : socket_(std::make_shared<tcp::socket>(executor)), timer_(executor, longest) {
    timer_.async_wait([socket = socket_](const error_code& wrong) {
      error_code ignored;
      if (!wrong) socket->close(ignored);
    });
  }

  asio::awaitable<Result<void>> connect(std::string host, std::string port) {
    error_code wrong;
    tcp::resolver resolver(socket_->get_executor());
    const auto found = co_await resolver.async_resolve(host, port, asio::redirect_error(asio::use_awaitable, wrong));
    if (!wrong) co_await asio::async_connect(*socket_, found, asio::redirect_error(asio::use_awaitable, wrong));
    if (wrong) co_return fail(fmt::format("{}:{}: {}", host, port, wrong.message()));
    co_return co_await expect("the greeting", '2');
  }

  /// Says a line, and wants an answer that begins with `digit`.
  asio::awaitable<Result<void>> say(std::string line, char digit) {
    error_code wrong;
    co_await asio::async_write(*socket_, asio::buffer(line + "\r\n"), asio::redirect_error(asio::use_awaitable, wrong));
    const std::string step = line.substr(0, 60);
    if (wrong) co_return fail(fmt::format("{}: {}", step, wrong.message()));
    co_return co_await expect(step, digit);
  }

 private:
  asio::awaitable<Result<void>> expect(std::string step, char digit) {
    constexpr std::size_t most = 16384;
    while (true) {
      error_code wrong;
      const std::size_t bytes = co_await asio::async_read_until(*socket_, asio::dynamic_buffer(received_, most), '\n',
                                                                asio::redirect_error(asio::use_awaitable, wrong));
      if (wrong) co_return fail(fmt::format("{}: {}", step, wrong.message()));
      const std::string line = received_.substr(0, bytes);
      received_.erase(0, bytes);
      if (line.size() > 3 && line[3] == '-') continue;  // more lines of this answer follow
      if (line.front() == digit) co_return Result<void>{};
      co_return fail(fmt::format("{}: the server says {}", step, one_line(line)));
    }
  }

  std::shared_ptr<tcp::socket> socket_;
  asio::steady_timer timer_;
  std::string received_;
};

std::string stuffed(const std::string& message) {
  std::string text;
  for (std::size_t at = 0; at < message.size();) {
    const std::size_t end = message.find("\r\n", at) + 2;
    if (message[at] == '.') text += '.';
    text += message.substr(at, end - at);
    at = end;
  }
  return text + ".";
}

asio::awaitable<Result<void>> by_smtp(const Mail& mail, const std::string& host, const std::string& message) {
  const auto colon = mail.alert.server.rfind(':');
  const bool has_port = colon != std::string::npos && mail.alert.server.find(']', colon) == std::string::npos;
  std::string server = mail.alert.server.substr(0, has_port ? colon : std::string::npos);
  if (server.starts_with('[') && server.ends_with(']')) server = server.substr(1, server.size() - 2);
  // Named: GCC 12 frees the temporaries of ?: in an expression with co_await twice.
  const std::string port = has_port ? mail.alert.server.substr(colon + 1) : "25";
  Smtp smtp(co_await asio::this_coro::executor);
  if (auto done = co_await smtp.connect(server, port); !done) co_return done;
  const std::string name = one_line(mail.alert.helo.empty() ? host : mail.alert.helo);
  if (auto done = co_await smtp.say("EHLO " + name, '2'); !done) {
    if (auto older = co_await smtp.say("HELO " + name, '2'); !older) co_return older;
  }
  std::string line = fmt::format("MAIL FROM:<{}>", one_line(sender_of(mail, host)));
  if (auto done = co_await smtp.say(line, '2'); !done) co_return done;
  for (const auto& to : mail.alert.to) {
    line = fmt::format("RCPT TO:<{}>", one_line(to));
    if (auto done = co_await smtp.say(line, '2'); !done) co_return done;
  }
  if (auto done = co_await smtp.say("DATA", '3'); !done) co_return done;
  if (auto done = co_await smtp.say(stuffed(message), '2'); !done) co_return done;
  co_await smtp.say("QUIT", '2');
  co_return Result<void>{};
}

asio::awaitable<Result<void>> by_sendmail(const std::string& message) {
  process::Command command{.words = {"/usr/sbin/sendmail", "-t", "-oi"}, .timeout = longest, .input = message};
  const auto exit = co_await process::run(std::move(command));
  if (!exit) co_return std::unexpected(exit.error());
  if (!exit->success()) co_return fail(fmt::format("/usr/sbin/sendmail: {} {}", to_string(*exit), exit->output));
  co_return Result<void>{};
}

}  // namespace

std::string message_text(const Mail& mail, const std::string& host, std::chrono::system_clock::time_point now) {
  const std::string subject = mail.lines.size() == 1
                                  ? mail.lines.front()
                                  : fmt::format("{} (and {} more)", mail.lines.front(), mail.lines.size() - 1);
  std::string text = fmt::format("From: {}\r\nTo: {}\r\nSubject: [ballast {}] {}\r\n", one_line(sender_of(mail, host)),
                                 one_line(fmt::format("{}", fmt::join(mail.alert.to, ", "))), host, one_line(subject));
  text +=
      fmt::format("Date: {:%a, %d %b %Y %H:%M:%S} +0000\r\n", fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
  text += "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nAuto-Submitted: auto-generated\r\n\r\n";
  for (const auto& line : mail.lines) text += one_line(line) + "\r\n";
  return text;
}

asio::awaitable<Result<void>> send_mail(Mail mail) {
  const std::string host = host_name();
  const std::string message = message_text(mail, host, std::chrono::system_clock::now());
  if (mail.alert.server.empty()) co_return co_await by_sendmail(message);
  co_return co_await by_smtp(mail, host, message);
}

}  // namespace ballast::control
