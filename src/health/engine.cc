#include "health/engine.h"

#include <boost/asio/co_spawn.hpp>

#include <chrono>
#include <exception>
#include <utility>

#include "base/log.h"

namespace ballast::health {
namespace {

namespace asio = boost::asio;

/// A check that threw: nothing should, and the loop goes on.
CheckResult broken(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& error) {
    return {.up = false, .reason = error.what(), .latency = {}, .weight = {}};
  }
}

bool is_command(const CheckTarget& target) { return target.check.type == cluster::CheckType::command; }

/// Keeps the runner as long as its check is under way: a coroutine does not keep what its lambda has captured.
asio::awaitable<CheckResult> run_check(std::shared_ptr<const Engine::Runner> run, CheckTarget target) {
  co_return co_await (*run)(std::move(target));
}

}  // namespace

Now now() { return {std::chrono::steady_clock::now(), std::chrono::system_clock::now()}; }

Engine::Engine(const asio::any_io_executor& executor, Monitor& monitor, Settings settings)
    : monitor_(monitor),
      settings_(std::move(settings)),
      run_(std::make_shared<const Runner>(std::move(settings_.run))),
      timer_(executor),
      self_(std::make_shared<Engine*>(this)) {
  look();
}

void Engine::look() {
  while (under_way_ < settings_.most.checks) {
    auto due = monitor_.take_due(now());
    if (!due) break;
    begin(std::move(*due));
  }
  wait_for_next();
}

void Engine::begin(DueCheck due) {
  if (is_command(due.target) && commands_under_way_ >= settings_.most.commands) {
    waiting_commands_.push_back(std::move(due));
  } else {
    start(std::move(due));
  }
}

void Engine::start(DueCheck due) {
  const bool command = is_command(due.target);
  ++under_way_;
  commands_under_way_ += command ? 1 : 0;
  asio::co_spawn(timer_.get_executor(), run_check(run_, std::move(due.target)),
                 [id = due.id, command, engine = std::weak_ptr(self_)](const std::exception_ptr& thrown,
                                                                       const CheckResult& result) {
                   const auto here = engine.lock();
                   if (here) (*here)->finish(id, command, thrown ? broken(thrown) : result);
                 });
}

void Engine::finish(CheckId id, bool command, const CheckResult& result) {
  --under_way_;
  commands_under_way_ -= command ? 1 : 0;
  if (command && !waiting_commands_.empty()) {
    DueCheck next = std::move(waiting_commands_.front());
    waiting_commands_.pop_front();
    start(std::move(next));
  }
  if (const auto remark = monitor_.observe(id, result, now())) log::info("{}", *remark);
  if (monitor_.has_news() && settings_.news) settings_.news();
  look();
}

void Engine::wait_for_next() {
  const auto next = monitor_.next_due();
  if (!next || under_way_ >= settings_.most.checks) return;
  timer_.expires_at(*next);
  timer_.async_wait([engine = std::weak_ptr(self_)](const boost::system::error_code& wrong) {
    const auto here = engine.lock();
    if (here && !wrong) (*here)->look();
  });
}

}  // namespace ballast::health
