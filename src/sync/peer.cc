#include "sync/peer.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/multiple_exceptions.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <exception>
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
using namespace asio::experimental::awaitable_operators;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds retry_pause{500};
constexpr std::chrono::seconds ping_interval{1};
/// Without a word for so long, the other director counts as gone.
constexpr std::chrono::seconds silence{5};
/// So much may wait to be written; what is told of changes beyond that is told with everything later.
constexpr std::size_t most_waiting_bytes = 8 << 20;
/// While less than this waits, a walk through the table goes on.
constexpr std::size_t walk_while_waiting_bytes = 1 << 20;
constexpr std::uint32_t connections_per_step = 4096;

std::string words_of(const std::exception_ptr& thrown, bool connected) {
  try {
    std::rethrow_exception(thrown);
  } catch (const boost::system::system_error& error) {
    if (error.code() != asio::error::eof) return error.code().message();
    return connected ? "has closed the connection" : "does not take our word: is its sync.key the same?";
  } catch (const std::exception& error) {
    return error.what();
  }
}

}  // namespace

Peer::Peer(asio::io_context& context, net::Endpoint peer, std::string secret)
    : context_(context), secret_(std::move(secret)), socket_(context), wake_(context), pause_(context) {
  state_.peer = peer;
}

void Peer::start() {
  asio::co_spawn(context_, [self = shared_from_this()] { return self->live(); }, asio::detached);
}

void Peer::stop() {
  stopped_ = true;
  boost::system::error_code ignored;
  socket_.close(ignored);
  wake_.cancel();
  pause_.cancel();
}

void Peer::frame(FrameType type, std::span<const std::uint8_t> content) {
  writer_->write(type, content, out_);
  wake_.cancel();
}

void Peer::tell(std::span<const std::uint8_t> records, std::uint32_t count) {
  if (!state_.connected) return;
  if (out_.size() + records.size() > most_waiting_bytes) {
    tell_everything();
    return;
  }
  frame(FrameType::records, records);
  state_.told += count;
}

void Peer::step(const Table& table) {
  if (!state_.connected || !cursor_ || out_.size() > walk_while_waiting_bytes) return;
  Bytes records;
  std::uint32_t count = 0;
  cursor_ = table.walk(*cursor_, connections_per_step, [&](const cluster::Connection& connection) {
    if (!cluster::concerns_others(connection)) return;
    write_record(records, connection);
    ++count;
  });
  if (count > 0) frame(FrameType::records, records);
  state_.told += count;
  if (cursor_) return;
  frame(FrameType::all, {});
  state_.complete = true;
}

void Peer::fail(std::string why) {
  if (stopped_) return;
  if (state_.connected || why != state_.problem) log::warning("sync: {}: {}", state_.peer.to_string(), why);
  state_.problem = std::move(why);
}

asio::awaitable<void> Peer::live() {
  while (!stopped_) {
    socket_ = Socket(context_);
    try {
      co_await converse();
    } catch (const asio::multiple_exceptions& all) {
      fail(words_of(all.first_exception(), state_.connected));
    } catch (...) {
      fail(words_of(std::current_exception(), state_.connected));
    }
    state_.connected = false;
    state_.complete = false;
    cursor_.reset();
    out_.clear();
    if (stopped_) co_return;
    pause_.expires_after(retry_pause);
    boost::system::error_code ignored;
    co_await pause_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

asio::awaitable<void> Peer::converse() {
  Deadline deadline(context_, socket_);
  deadline.expires_after(silence);
  const Nonce own = new_nonce();
  std::array<std::uint8_t, hello_bytes> answer{};
  try {
    co_await socket_.async_connect(to_asio_tcp(state_.peer), asio::use_awaitable);
    co_await asio::async_write(socket_, asio::buffer(hello(own)), asio::use_awaitable);
    co_await asio::async_read(socket_, asio::buffer(answer), asio::use_awaitable);
  } catch (const boost::system::system_error& error) {
    throw std::runtime_error(deadline.is_over() ? "does not answer" : error.code().message());
  }
  deadline.cancel();
  socket_.set_option(asio::ip::tcp::no_delay(true));
  const auto theirs = read_hello(answer);
  if (!theirs)
    throw std::runtime_error("is no director of Ballast that is synchronized (sync.peers has its sync.listen)");
  writer_.emplace(frame_key(secret_, Role::caller, own, *theirs));
  out_.clear();
  frame(FrameType::begin, {});
  heard_ = Clock::now();
  // Ends when one of them fails.
  co_await (speak() && listen(FrameReader(frame_key(secret_, Role::called, own, *theirs))) && watch());
}

asio::awaitable<void> Peer::speak() {
  while (true) {
    while (!out_.empty()) {
      const Bytes chunk = std::exchange(out_, {});
      co_await asio::async_write(socket_, asio::buffer(chunk), asio::use_awaitable);
    }
    wake_.expires_at(asio::steady_timer::time_point::max());
    boost::system::error_code woken;
    co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) co_return;
  }
}

asio::awaitable<void> Peer::listen(FrameReader reader) {
  std::array<std::uint8_t, 4096> block{};
  while (true) {
    const std::size_t got = co_await socket_.async_read_some(asio::buffer(block), asio::use_awaitable);
    reader.add(std::span(block).first(got));
    for (auto next = reader.next();; next = reader.next()) {
      if (!next) throw std::runtime_error(fmt::format("says {}", to_string(next.error())));
      if (!*next) break;
      heard_ = Clock::now();
      if ((*next)->type == FrameType::welcome && !state_.connected) {
        log::notice("sync: {}: connected, tells it of every connection", state_.peer.to_string());
        state_.connected = true;
        state_.problem.clear();
        tell_everything();
      } else if ((*next)->type == FrameType::taken) {
        state_.taken += Reader((*next)->content).number<std::uint32_t>();
      } else if ((*next)->type == FrameType::again) {
        state_.complete = false;
        tell_everything();
      }
    }
  }
}

asio::awaitable<void> Peer::watch() {
  while (true) {
    pause_.expires_after(ping_interval);
    co_await pause_.async_wait(asio::use_awaitable);
    if (Clock::now() - heard_ > silence) throw std::runtime_error("says nothing any more");
    frame(FrameType::ping, {});
  }
}

}  // namespace ballast::sync
