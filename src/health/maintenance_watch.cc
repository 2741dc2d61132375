#include "health/maintenance_watch.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <filesystem>
#include <system_error>

#include "base/log.h"

namespace ballast::health {
namespace {

namespace asio = boost::asio;

/// The addresses of a file's name, of which the resolver's threads find out.
asio::awaitable<std::vector<MaintenanceEntry>> entries_of(MaintenanceName name) {
  if (name.address) co_return std::vector<MaintenanceEntry>{{*name.address, name.port}};
  asio::ip::tcp::resolver resolver(co_await asio::this_coro::executor);
  boost::system::error_code wrong;
  const auto found = co_await resolver.async_resolve(name.host, "", asio::redirect_error(asio::use_awaitable, wrong));
  if (wrong) log::warning("maintenance: '{}' is no address and is not found: {}", name.host, wrong.message());
  std::vector<MaintenanceEntry> entries;
  for (const auto& result : found) {
    const auto address = net::Address::parse(result.endpoint().address().to_string());
    if (address) entries.push_back({*address, name.port});
  }
  co_return entries;
}

/// The names in a directory; nothing where it is not there.
std::set<std::string> files_in(const std::string& directory) {
  std::set<std::string> files;
  std::error_code wrong;
  for (std::filesystem::directory_iterator entry(directory, wrong), end; !wrong && entry != end;
       entry.increment(wrong)) {
    files.insert(entry->path().filename().string());
  }
  return files;
}

}  // namespace

MaintenanceWatch::MaintenanceWatch(const asio::any_io_executor& executor, Monitor& monitor, std::function<void()> news)
    : state_(std::make_shared<State>(State{monitor, std::move(news), {}})) {
  asio::co_spawn(executor, loop(state_), asio::detached);
}

asio::awaitable<void> MaintenanceWatch::loop(std::weak_ptr<State> watch) {
  constexpr std::chrono::seconds interval{1};
  asio::steady_timer timer(co_await asio::this_coro::executor);
  while (true) {
    std::set<std::string> directories;
    if (const auto state = watch.lock()) {
      directories = state->monitor.maintenance_directories();
    } else {
      co_return;
    }
    for (const auto& directory : directories) co_await look(watch, directory);
    timer.expires_after(interval);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

asio::awaitable<void> MaintenanceWatch::look(std::weak_ptr<State> watch, std::string directory) {
  auto files = files_in(directory);
  if (const auto state = watch.lock(); !state || state->seen[directory] == files) co_return;
  std::vector<MaintenanceEntry> entries;
  for (const auto& file : files) {
    const auto name = parse_maintenance_name(file);
    if (!name) continue;
    for (const auto& entry : co_await entries_of(*name)) entries.push_back(entry);
  }
  const auto state = watch.lock();
  if (!state) co_return;
  state->seen[directory] = std::move(files);
  if (state->monitor.set_maintenance(directory, std::move(entries)) && state->news) state->news();
}

}  // namespace ballast::health
