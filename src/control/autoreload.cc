#include "control/autoreload.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "process/command.h"
#include "process/words.h"

namespace ballast::control {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds look_interval{1};
constexpr std::chrono::seconds callback_timeout{60};

asio::awaitable<void> run_callback(std::string text, std::vector<std::string> words) {
  process::Command command;  // named: GCC 12 frees what stands in braces in an expression with co_await twice
  command.words = std::move(words);
  command.timeout = callback_timeout;
  const auto exit = co_await process::run(std::move(command));
  if (!exit) {
    log::error("callback '{}': {}", text, exit.error().message);
  } else if (!exit->success()) {
    log::warning("callback '{}': {}", text, to_string(*exit));
  }
}

}  // namespace

Autoreload::Autoreload(asio::io_context& context, const ControlPlane& plane, FollowedFiles files,
                       std::function<void()> reload)
    : context_(context), plane_(plane), timer_(context), files_(std::move(files)), reload_(std::move(reload)) {
  wait();
}

void Autoreload::wait() {
  timer_.expires_after(look_interval);
  timer_.async_wait([this](const boost::system::error_code& wrong) {
    if (wrong) return;
    look();
    wait();
  });
}

void Autoreload::look() {
  const auto changed = files_.changed();
  // As the files said before the change: what they say after it may be wrong.
  const std::vector<config::FileWishes> wishes = plane_.wishes();
  const auto wishes_of_changed = [&](const config::FileWishes& one) {
    return std::ranges::find(changed, one.path) != changed.end();
  };
  const bool follow =
      std::ranges::any_of(wishes, [&](const config::FileWishes& one) { return one.follow && wishes_of_changed(one); });
  if (follow) {
    log::notice("a configuration file with autoreload=yes has changed: reading it");
    reload_();
  }
  for (const auto& one : wishes) {
    if (!one.callback.empty() && wishes_of_changed(one)) call_back(one);
  }
}

void Autoreload::call_back(const config::FileWishes& wishes) {
  auto words = process::split_words(wishes.callback);
  if (!words) return log::error("callback: {}", words.error().message);
  words->push_back(wishes.path);
  asio::co_spawn(context_, run_callback(wishes.callback, std::move(*words)), asio::detached);
}

}  // namespace ballast::control
