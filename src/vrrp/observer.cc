#include "vrrp/observer.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <utility>

#include "base/log.h"
#include "process/command.h"
#include "process/words.h"
#include "vrrp/processes.h"
#include "vrrp/rise_and_fall.h"

namespace ballast::vrrp {
namespace {

namespace asio = boost::asio;
using Kind = cluster::Track::Kind;
using std::chrono::milliseconds;

constexpr milliseconds file_interval{100};
constexpr milliseconds process_interval{250};

/// The number that a file begins with; 0 where it is not there or has none.
std::int32_t number_in(const std::string& path) {
  std::ifstream file(path);
  std::string word;
  file >> word;
  std::int32_t number = 0;
  std::from_chars(word.data(), word.data() + word.size(), number);
  return number;
}

void prepare(const cluster::TrackFile& file) {
  if (!file.initial || (!file.overwrite && std::filesystem::exists(file.path))) return;
  std::ofstream out(file.path);
  out << *file.initial << '\n';
  if (!out) log::warning("VRRP file {}: cannot write {}", file.name, file.path);
}

/// Runs one script again and again. Lives until the last handler is gone.
class ScriptRunner : public std::enable_shared_from_this<ScriptRunner> {
 public:
  using Report = std::function<void(bool good)>;
  ScriptRunner(asio::io_context& context, cluster::TrackScript script, Report report)
      : timer_(context),
        script_(std::move(script)),
        state_(script_.rise, script_.fall, script_.initially_failed ? std::optional(false) : std::nullopt),
        report_(std::move(report)) {}

  void start(asio::io_context& context) {
    asio::co_spawn(context, [self = shared_from_this()] { return self->work(); }, asio::detached);
  }
  void stop() {
    stopped_ = true;
    timer_.cancel();
  }
  [[nodiscard]] const cluster::TrackScript& script() const { return script_; }

 private:
  asio::awaitable<void> work() {
    const auto words = process::split_words(script_.command);
    while (!stopped_) {
      timer_.expires_after(script_.interval);
      const milliseconds timeout = script_.timeout.count() > 0 ? script_.timeout : script_.interval;
      process::Command command;
      command.words = words.value_or(std::vector<std::string>{});
      command.user = script_.user;
      command.timeout = timeout;
      const auto exit = co_await process::run(std::move(command));
      if (stopped_) co_return;
      note(exit);
      boost::system::error_code wrong;
      co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, wrong));
    }
  }

  void note(const Result<process::Exit>& exit) {
    const std::string what = exit ? (exit->success() ? "" : to_string(*exit)) : exit.error().message;
    if (what != last_) {
      if (!what.empty()) log::warning("VRRP script {}: {}", script_.name, what);
      if (what.empty()) log::info("VRRP script {}: succeeds", script_.name);
    }
    last_ = what;
    report_(state_.add(what.empty()));
  }

  asio::steady_timer timer_;
  cluster::TrackScript script_;
  RiseAndFall state_;
  Report report_;
  std::string last_;
  bool stopped_ = false;
};

}  // namespace

struct Observer::Parts {
  Parts(asio::io_context& where, Report what)
      : context(where), report(std::move(what)), files(where), processes(where) {}

  void tell(Kind kind, const std::string& name, const Observation& observation) {
    const auto [known, added] = told.try_emplace({kind, name}, observation);
    if (!added && known->second == observation) return;
    known->second = observation;
    report(kind, name, observation);
  }

  void configure_scripts() {
    std::erase_if(runners, [&](const auto& runner) {
      const bool kept = std::ranges::find(settings.scripts, runner->script()) != settings.scripts.end();
      if (!kept) {
        told.erase({Kind::script, runner->script().name});
        runner->stop();
      }
      return !kept;
    });
    for (const auto& script : settings.scripts) {
      const bool runs = std::ranges::any_of(runners, [&](const auto& runner) { return runner->script() == script; });
      if (runs) continue;
      if (script.initially_failed) tell(Kind::script, script.name, {.good = false});
      runners.push_back(std::make_shared<ScriptRunner>(
          context, script, [this, name = script.name](bool good) { tell(Kind::script, name, {.good = good}); }));
      runners.back()->start(context);
    }
  }

  void look_at_files() {
    for (const auto& file : settings.files) {
      tell(Kind::file, file.name, {.good = true, .value = number_in(file.path)});
    }
    if (settings.files.empty()) return;
    files.expires_after(file_interval);
    files.async_wait([this](const boost::system::error_code& wrong) {
      if (!wrong) look_at_files();
    });
  }

  void look_at_processes() {
    if (settings.processes.empty()) return;
    const auto all = running_processes();
    for (const auto& wanted : settings.processes) {
      const auto count = std::ranges::count_if(all, [&](const RunningProcess& one) { return matches(wanted, one); });
      const bool good = states[wanted.name].add(wanted, static_cast<std::uint32_t>(count), process_interval);
      tell(Kind::process, wanted.name, {.good = good});
    }
    processes.expires_after(process_interval);
    processes.async_wait([this](const boost::system::error_code& wrong) {
      if (!wrong) look_at_processes();
    });
  }

  asio::io_context& context;
  Report report;
  cluster::VrrpSettings settings;
  std::vector<std::shared_ptr<ScriptRunner>> runners;
  std::map<std::string, ProcessState> states;
  std::map<std::pair<Kind, std::string>, Observation> told;
  asio::steady_timer files;
  asio::steady_timer processes;
};

Observer::Observer(asio::io_context& context, Report report)
    : parts_(std::make_unique<Parts>(context, std::move(report))) {}

Observer::~Observer() {
  for (const auto& runner : parts_->runners) runner->stop();
}

void Observer::configure(const cluster::VrrpSettings& settings) {
  for (const auto& file : settings.files) {
    if (std::ranges::find(parts_->settings.files, file) == parts_->settings.files.end()) prepare(file);
  }
  parts_->settings = settings;
  parts_->configure_scripts();
  parts_->look_at_files();
  parts_->look_at_processes();
}

}  // namespace ballast::vrrp
