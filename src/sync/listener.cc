#include "sync/listener.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "base/log.h"
#include "sync/asio_address.h"
#include "sync/bytes.h"
#include "sync/deadline.h"
#include "sync/record.h"

namespace ballast::sync {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::chrono::seconds hello_time{5};
/// A caller says something every second.
constexpr std::chrono::seconds silence{10};
constexpr std::size_t most_callers = 256;
constexpr std::size_t most_complaints = 1024;

}  // namespace

Listener::Listener(asio::io_context& context, std::string secret, Admit admit)
    : context_(context), acceptor_(context), secret_(std::move(secret)), admit_(std::move(admit)) {}

Result<void> Listener::start(const net::Endpoint& listen) {
  const auto endpoint = to_asio_tcp(listen);
  boost::system::error_code wrong;
  acceptor_.open(endpoint.protocol(), wrong);
  if (!wrong) acceptor_.set_option(tcp::acceptor::reuse_address(true), wrong);
  if (!wrong) acceptor_.bind(endpoint, wrong);
  if (!wrong) acceptor_.listen(asio::socket_base::max_listen_connections, wrong);
  if (wrong) {
    return ballast::fail(fmt::format("sync.listen: cannot listen on {}: {}", listen.to_string(), wrong.message()),
                         wrong.value());
  }
  asio::co_spawn(context_, [self = shared_from_this()] { return self->accept(); }, asio::detached);
  return {};
}

void Listener::stop() {
  stopped_ = true;
  boost::system::error_code ignored;
  acceptor_.close(ignored);
}

asio::awaitable<void> Listener::accept() {
  asio::steady_timer pause(context_);
  while (!stopped_) {
    try {
      Socket socket = co_await acceptor_.async_accept(asio::use_awaitable);
      asio::co_spawn(
          context_,
          [self = shared_from_this(), socket = std::move(socket)]() mutable { return self->serve(std::move(socket)); },
          asio::detached);
      continue;
    } catch (const std::exception&) {
      if (stopped_) co_return;
    }
    pause.expires_after(std::chrono::milliseconds(100));
    co_await pause.async_wait(asio::use_awaitable);
  }
}

void Listener::servers_changed() {
  for (auto& [address, caller] : callers_) caller.again = caller.again || caller.unknown > 0;
}

void Listener::complain(const std::string& who, const std::string& why) {
  if (complaints_.size() >= most_complaints || !complaints_.insert(who + why).second) return;
  log::warning("sync: {} {}", who, why);
}

asio::awaitable<void> Listener::serve(Socket socket) {
  boost::system::error_code wrong;
  const auto remote = socket.remote_endpoint(wrong);
  if (wrong || (callers_.size() >= most_callers && !callers_.contains(remote.address().to_string()))) co_return;
  const std::string who = remote.address().to_string();
  CallerState& caller = callers_[who];
  const std::uint64_t malformed = caller.malformed;
  ++caller.connected;
  try {
    co_await converse(socket, caller);
  } catch (const boost::system::system_error&) {
    // Gone: it calls again.
  } catch (const std::exception& error) {
    ++caller.malformed;
    complain(who, error.what());
  }
  --caller.connected;
  caller.complete = caller.complete && caller.malformed == malformed;
}

asio::awaitable<void> Listener::converse(Socket& socket, CallerState& caller) {
  Deadline deadline(context_, socket);
  deadline.expires_after(hello_time);
  const Nonce own = new_nonce();
  std::array<std::uint8_t, hello_bytes> greeting{};
  try {
    co_await asio::async_read(socket, asio::buffer(greeting), asio::use_awaitable);
    co_await asio::async_write(socket, asio::buffer(hello(own)), asio::use_awaitable);
  } catch (const boost::system::system_error&) {
    if (deadline.is_over()) throw std::runtime_error("connects to sync.listen and says nothing");
    throw;
  }
  const auto theirs = read_hello(greeting);
  if (!theirs) throw std::runtime_error("says no hello of a director of Ballast to sync.listen");
  FrameReader reader(frame_key(secret_, Role::caller, *theirs, own));
  FrameWriter writer(frame_key(secret_, Role::called, *theirs, own));
  Bytes block(65536);
  bool begun = false;
  while (!stopped_) {
    deadline.expires_after(silence);
    const std::size_t got = co_await socket.async_read_some(asio::buffer(block), asio::use_awaitable);
    reader.add(std::span(block).first(got));
    Bytes answers;
    for (auto next = reader.next();; next = reader.next()) {
      if (!next) throw std::runtime_error(fmt::format("says {}", to_string(next.error())));
      if (!*next) break;
      if (!begun && (*next)->type != FrameType::begin) throw std::runtime_error("does not begin with the first frame");
      begun = true;
      const Bytes one = answer(writer, **next, caller);
      answers.insert(answers.end(), one.begin(), one.end());
    }
    if (begun && std::exchange(caller.again, false)) {
      caller.unknown = 0;
      caller.complete = false;
      writer.write(FrameType::again, {}, answers);
    }
    if (!answers.empty()) co_await asio::async_write(socket, asio::buffer(answers), asio::use_awaitable);
  }
}

Bytes Listener::answer(FrameWriter& writer, const Frame& frame, CallerState& caller) const {
  Bytes out;
  if (frame.type == FrameType::begin) {
    caller.complete = false;
    caller.unknown = 0;
    caller.again = false;
    writer.write(FrameType::welcome, {}, out);
    return out;
  }
  if (frame.type == FrameType::all) caller.complete = true;
  std::uint32_t count = 0;
  if (frame.type == FrameType::records) {
    const auto connections = read_records(frame.content);
    if (!connections) throw std::runtime_error("tells of a connection that cannot be");
    const Taken taken = admit_(*connections);
    caller.taken += taken.taken;
    caller.refused += taken.refused;
    caller.unknown += taken.unknown;
    count = static_cast<std::uint32_t>(connections->size());
  }
  Bytes content;
  Writer(content).number(count);
  writer.write(FrameType::taken, content, out);
  return out;
}

}  // namespace ballast::sync
