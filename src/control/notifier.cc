#include "control/notifier.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "control/mail.h"
#include "control/notice_commands.h"

namespace ballast::control {
namespace {

namespace asio = boost::asio;

/// What a command said, as part of a line.
std::string said(const std::string& output) {
  const auto end = output.find_last_not_of(" \n");
  return end == std::string::npos ? "" : fmt::format(": {}", output.substr(0, end + 1));
}

void log_end(const std::string& command, const Result<process::Exit>& exit) {
  if (!exit) {
    log::error("command '{}' was not run: {}", command, exit.error().message);
  } else if (!exit->success()) {
    log::warning("command '{}' failed: {}{}", command, to_string(*exit), said(exit->output));
  } else {
    log::info("command '{}' ran{}", command, said(exit->output));
  }
}

/// How long to wait before a mail that was refused is tried once more; then it is given up.
constexpr std::array<std::chrono::seconds, 4> patience = {std::chrono::seconds{10}, std::chrono::seconds{60},
                                                          std::chrono::seconds{600}, std::chrono::seconds{3600}};

asio::awaitable<void> send(Mail mail) {
  const std::string to = fmt::format("{}", fmt::join(mail.alert.to, ", "));
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (std::size_t tried = 0;; ++tried) {
    Mail copy = mail;  // named: GCC 12 frees an argument of co_await twice
    const auto sent = co_await send_mail(std::move(copy));
    if (sent) co_return log::info("mail to {} sent", to);
    if (tried == patience.size()) co_return log::error("mail to {} is given up: {}", to, sent.error().message);
    log::error("mail to {} was not sent, and is tried again in {} s: {}", to, patience[tried].count(),
               sent.error().message);
    timer.expires_after(patience[tried]);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

}  // namespace

Notifier::Notifier(asio::any_io_executor executor) : executor_(std::move(executor)) {}

void Notifier::tell(const cluster::Cluster& desired, const std::vector<health::Notice>& notices) {
  for (const auto& notice : notices) {
    const auto* service = cluster::find_service(desired, notice.service);
    if (service == nullptr) continue;
    alerts_.enter(*service, notice, std::chrono::steady_clock::now());
    auto command = command_for(*service, notice);
    if (!command) {
      log::error("service {}: {}", to_string(service->key), command.error().message);
    } else if (*command) {
      enqueue(service->key, std::move(**command));
    }
  }
}

void Notifier::tell(const cluster::VrrpSettings& desired, const std::vector<vrrp::Event>& events) {
  for (const auto& event : events) {
    const bool is_state = event.kind == vrrp::Event::Kind::state || event.kind == vrrp::Event::Kind::stopped;
    if (is_state && event.notify.mail) alerts_.enter(desired.alerts, event, std::chrono::steady_clock::now());
  }
}

void Notifier::tick() {
  for (auto& mail : alerts_.take_due(std::chrono::steady_clock::now())) {
    asio::co_spawn(executor_, send(std::move(mail)), asio::detached);
  }
}

void Notifier::enqueue(const cluster::ServiceKey& service, process::Command command) {
  const auto [queue, idle] = queues_->try_emplace(service);
  queue->second.push_back(std::move(command));
  if (idle) asio::co_spawn(executor_, work(queues_, service), asio::detached);
}

asio::awaitable<void> Notifier::work(std::shared_ptr<Queues> queues, cluster::ServiceKey service) {
  while (!queues->at(service).empty()) {
    process::Command command = std::move(queues->at(service).front());
    queues->at(service).pop_front();
    const std::string text = fmt::format("{}", fmt::join(command.words, " "));
    log_end(text, co_await process::run(std::move(command)));
  }
  queues->erase(service);
}

}  // namespace ballast::control
