#include "vrrp/plane.h"

#include <pthread.h>
#include <sys/resource.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <future>
#include <thread>
#include <utility>

#include "base/log.h"
#include "vrrp/accept_mode.h"
#include "vrrp/engine.h"
#include "vrrp/notifier.h"
#include "vrrp/observer.h"

namespace ballast::vrrp {
namespace {

namespace asio = boost::asio;

constexpr int first_in_line = -20;  // nice value of the thread that sends advertisements
constexpr std::chrono::seconds time_for_last_commands{3};

/// An io_context that a thread runs.
class Loop {
 public:
  Loop() : work_(asio::make_work_guard(context)) {}

  void start(const char* name, int nice) {
    thread_ = std::thread([this, name, nice] {
      ::pthread_setname_np(::pthread_self(), name);
      ::setpriority(PRIO_PROCESS, 0, nice);  // not that of the thread that starts it
      context.run();
    });
  }
  void stop() {
    work_.reset();
    context.stop();
    if (thread_.joinable()) thread_.join();
  }
  /// Has `what` done in the thread and gives what it gives.
  template <typename What>
  auto ask(What what) {
    std::packaged_task<decltype(what())()> task(std::move(what));
    auto answer = task.get_future();
    asio::post(context, [&task] { task(); });
    return answer.get();
  }

  asio::io_context context{1};

 private:
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
};

}  // namespace

struct Plane::Threads {
  Threads()
      : notifier(background.context),
        observer(background.context, [this](auto kind, const auto& name, const auto& seen) {
          asio::post(front.context, [this, kind, name, seen] { engine->observe(kind, name, seen); });
        }) {}

  Loop front;       ///< the engine's
  Loop background;  ///< of what may take long
  AcceptMode accept_mode;
  Notifier notifier;
  Observer observer;
  std::unique_ptr<Engine> engine;
};

Plane::Plane(std::unique_ptr<Threads> threads) : threads_(std::move(threads)) {}

Result<std::unique_ptr<Plane>> Plane::start(Tell tell) {
  auto threads = std::make_unique<Threads>();
  Threads* all = threads.get();
  auto engine = Engine::open(all->front.context, [all, tell = std::move(tell)](const Event& event) {
    asio::post(all->background.context, [all, event] {
      all->accept_mode.notify(event);
      all->notifier.notify(event);
    });
    tell(event);
  });
  if (!engine) return std::unexpected(engine.error());
  all->engine = std::move(*engine);
  all->background.start("vrrp-background", 0);
  all->front.start("vrrp", first_in_line);
  return std::unique_ptr<Plane>(new Plane(std::move(threads)));
}

Plane::~Plane() {
  std::promise<void> left;
  asio::post(threads_->front.context,
             [&] { threads_->engine->leave("the daemon ends", [&left] { left.set_value(); }); });
  left.get_future().wait();
  threads_->front.stop();
  threads_->background.ask([&] { threads_->notifier.finish(time_for_last_commands); });
  threads_->background.stop();
}

void Plane::apply(const cluster::VrrpSettings& settings) {
  threads_->background.ask([&] {
    threads_->accept_mode.configure(settings);
    threads_->notifier.configure(settings.notify_fifo, settings.notify_fifo_command);
    threads_->observer.configure(settings);
  });
  threads_->front.ask([&] { threads_->engine->apply(settings); });
}

void Plane::observe(cluster::Track::Kind kind, const std::string& name, const Observation& observation) {
  asio::post(threads_->front.context, [threads = threads_.get(), kind, name, observation] {
    threads->engine->observe(kind, name, observation);
  });
}

Result<void> Plane::resign(const std::string& name) {
  return threads_->front.ask([&] { return threads_->engine->resign(name); });
}

Result<void> Plane::reclaim(const std::string& name) {
  return threads_->front.ask([&] { return threads_->engine->reclaim(name); });
}

EngineView Plane::view() const {
  return threads_->front.ask([&] { return threads_->engine->view(); });
}

}  // namespace ballast::vrrp
