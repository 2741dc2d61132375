// A conversation with a server, without I/O: a coroutine that says bytes, waits for bytes and ends with a verdict.
//
//   Conversation greet() {
//     const auto reply = co_await take("the greeting", take_reply);
//     if (reply.code != 220) co_return down(...);
//     co_yield "QUIT\r\n";
//     co_return up(...);
//   }
//
// What cannot be understood, what is too long and a connection that ends too early end the conversation as down where
// it waits; the coroutine need not look for them. Who drives it moves the bytes: converse.h, and tests.
//
// GCC 12 frees some temporaries of an expression with co_await or co_yield twice: those of ?: and initializer lists.
// Such values get a name, or a function, before.
#pragma once

#include <fmt/format.h>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/error.h"

namespace ballast::health {

/// What became of a conversation, with a reason for a person.
struct Verdict {
  bool up = false;
  std::string reason;
  friend bool operator==(const Verdict&, const Verdict&) = default;
};

inline Verdict up(std::string reason) { return {true, std::move(reason)}; }
inline Verdict down(std::string reason) { return {false, std::move(reason)}; }

/// What a parser made of the bytes so far: a T taken from their front, nothing while more are needed, or an Error where
/// they cannot become one.
template <typename T>
using Parsed = Result<std::optional<T>>;

class [[nodiscard]] Conversation {
 public:
  /// What it waits for.
  enum class Wants : std::uint8_t {
    bytes,            ///< received() or ended()
    tls,              ///< the connection is to be changed over to TLS, then secured()
    data_connection,  ///< a second connection is to be made, to data_port(), then connected()
    data,             ///< all that the second connection delivers, then data()
    nothing           ///< it is over: verdict()
  };
  /// Unread bytes that a server may send before they make sense.
  static constexpr std::size_t most_unread = 1 << 20;

  struct promise_type;
  class Waiter;
  using Handle = std::coroutine_handle<promise_type>;

  Conversation(Conversation&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Conversation& operator=(Conversation&&) = delete;
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;
  ~Conversation() {
    if (handle_) handle_.destroy();
  }

  /// Runs it until it first waits. Call this once, before all else.
  void begin() { handle_.resume(); }
  void received(std::string_view bytes);
  /// The server will send nothing more.
  void ended();
  void secured();
  void connected();
  void data(std::string all);

  [[nodiscard]] Wants wants() const;
  /// "the greeting"
  [[nodiscard]] const std::string& waiting_for() const;
  [[nodiscard]] std::uint16_t data_port() const;
  [[nodiscard]] const std::optional<Verdict>& verdict() const;
  /// What is to be sent now, each byte once. At the end too: a farewell whose answer nobody awaits.
  std::string take_output();

 private:
  explicit Conversation(Handle handle) : handle_(handle) {}
  void try_to_go_on();

  Handle handle_;
};

/// What a suspended conversation waits for.
class Conversation::Waiter {
 public:
  virtual ~Waiter() = default;
  /// Looks at what has come. True: the conversation goes on. False: it waits, or its verdict was set.
  virtual bool goes_on(promise_type& promise) = 0;
};

struct Conversation::promise_type {
  std::string input;
  std::string output;
  std::string waiting_for;
  std::string data;
  std::optional<Verdict> verdict;
  Waiter* waiter = nullptr;
  std::uint16_t data_port = 0;
  Wants wants = Wants::nothing;
  bool at_end = false;

  Conversation get_return_object() { return Conversation(Handle::from_promise(*this)); }
  std::suspend_always initial_suspend() noexcept { return {}; }
  std::suspend_always final_suspend() noexcept { return {}; }
  void return_value(Verdict reached) { finish(std::move(reached)); }
  std::suspend_never yield_value(std::string_view bytes) {
    output += bytes;
    return {};
  }
  void unhandled_exception() { throw; }

  void finish(Verdict reached) {
    verdict = std::move(reached);
    wants = Wants::nothing;
  }
};

namespace detail {

template <typename T>
struct Taken;
template <typename T>
struct Taken<Parsed<T>> {
  using type = T;
};

template <typename Parser>
class Take final : public Conversation::Waiter {
 public:
  using T = typename Taken<std::invoke_result_t<Parser&, std::string&>>::type;

  Take(std::string_view what, Parser parser) : what_(what), parser_(std::move(parser)) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  bool await_suspend(Conversation::Handle handle) {
    auto& promise = handle.promise();
    promise.wants = Conversation::Wants::bytes;
    promise.waiting_for = what_;
    promise.waiter = this;
    return !goes_on(promise);
  }
  T await_resume() { return std::move(*taken_); }

  bool goes_on(Conversation::promise_type& promise) override {
    auto parsed = parser_(promise.input);
    if (!parsed) {
      promise.finish(down(std::move(parsed.error().message)));
    } else if (*parsed) {
      taken_.emplace(std::move(**parsed));
      return true;
    } else if (promise.at_end) {
      promise.finish(down(fmt::format("connection closed by the server (waiting for {})", what_)));
    } else if (promise.input.size() > Conversation::most_unread) {
      promise.finish(
          down(fmt::format("more than {} bytes without an end (waiting for {})", Conversation::most_unread, what_)));
    }
    return false;
  }

 private:
  std::string what_;
  Parser parser_;
  std::optional<T> taken_;
};

class TakeAny final : public Conversation::Waiter {
 public:
  explicit TakeAny(std::string_view what) : what_(what) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  bool await_suspend(Conversation::Handle handle);
  std::optional<std::string> await_resume() { return std::move(taken_); }
  bool goes_on(Conversation::promise_type& promise) override;

 private:
  std::string what_;
  std::optional<std::string> taken_;
};

class StartTls {
 public:
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(Conversation::Handle handle);
  void await_resume() const noexcept {}
};

class OpenData {
 public:
  explicit OpenData(std::uint16_t port) : port_(port) {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(Conversation::Handle handle);
  void await_resume() const noexcept {}

 private:
  std::uint16_t port_;
};

class ReadData {
 public:
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(Conversation::Handle handle);
  std::string await_resume() { return std::move(promise_->data); }

 private:
  Conversation::promise_type* promise_ = nullptr;
};

}  // namespace detail

/// Waits until `parser` (std::string& -> Parsed<T>) has taken a T from the front of what came. `what` names it for the
/// case that it does not come.
template <typename Parser>
auto take(std::string_view what, Parser parser) {
  return detail::Take<Parser>(what, std::move(parser));
}

/// Waits for any bytes, and takes all that came; nullopt: the server ended the connection.
inline auto take_any(std::string_view what) { return detail::TakeAny(what); }

/// Changes the connection over to TLS.
inline auto start_tls() { return detail::StartTls(); }

/// Makes a second connection, to another port of the server.
inline auto open_data(std::uint16_t port) { return detail::OpenData(port); }

/// What the second connection delivers up to its end.
inline auto read_data() { return detail::ReadData(); }

}  // namespace ballast::health
