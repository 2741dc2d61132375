#include "realserver/execute.h"

#include <fmt/format.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <chrono>
#include <cstring>
#include <optional>
#include <ranges>
#include <thread>

#include "base/fd.h"
#include "net/address_change.h"
#include "net/route.h"
#include "net/sysctl.h"
#include "realserver/observe.h"
#include "realserver/programs.h"

namespace ballast::realserver {
namespace {

Result<void> set_link(const InterfaceName& interface, bool up) {
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  interface.name.copy(request.ifr_name, IFNAMSIZ - 1);
  if (!socket || ::ioctl(socket.get(), SIOCGIFFLAGS, &request) != 0) {
    return fail_errno(fmt::format("cannot read the flags of {}", interface.name));
  }
  request.ifr_flags = static_cast<short>(up ? request.ifr_flags | IFF_UP : request.ifr_flags & ~IFF_UP);
  if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0) {
    return fail_errno(fmt::format("cannot set {} {}", interface.name, up ? "up" : "down"));
  }
  return {};
}

/// The kernel makes a new IPv6 address reachable a moment after it took it: the route is the work of another thread.
Result<void> wait_until_local(const net::Address& address) {
  constexpr int tries = 300;
  for (int i = 0; i < tries; ++i) {
    const auto route = net::route_to(address);
    if (!route) return std::unexpected(route.error());
    if (route->kind == net::RouteKind::local) return {};
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return fail(fmt::format("the kernel did not make {} local within 3 s of adding it: see ip -6 route show table local",
                          address.to_string()),
              ETIMEDOUT);
}

Result<void> change_address(const ChangeAddress& step) {
  auto done = step.add ? net::add_address(step.interface.index, step.address)
                       : net::remove_address(step.interface.index, step.address);
  const int there_already = step.add ? EEXIST : EADDRNOTAVAIL;
  if (!done && done.error().code != there_already) return done;
  if (step.add && !step.address.address.is_ipv4()) return wait_until_local(step.address.address);
  return {};
}

/// Does single steps. Packet programs are loaded when the first of them is needed.
class Executor {
 public:
  /// `running_program` as attached_program() tells; `loads`: the plan attaches programs.
  Executor(std::uint32_t running_program, bool loads) : running_program_(running_program), loads_(loads) {}

  Result<void> operator()(const SetLink& step) { return set_link(step.interface, step.up); }
  Result<void> operator()(const SetSysctl& step) { return net::set_sysctl(step.name, step.to); }
  Result<void> operator()(const ChangeAddress& step) { return change_address(step); }
  Result<void> operator()(const ChangeHook& step) {
    return step.add ? add_hook(step.interface) : remove_hook(step.interface);
  }
  Result<void> operator()(const ChangeProgram& step) {
    if (step.change == ProgramChange::detach) return detach(step.interface, step.direction);
    if (auto ready = load(); !ready) return ready;
    return programs_->attach(step.interface, step.direction, step.change == ProgramChange::replace);
  }
  Result<void> operator()(const Configure& step) {
    if (auto ready = load(); !ready) return ready;
    const auto maps = programs_ ? programs_->maps() : Maps::of_program(running_program_);
    if (!maps) return std::unexpected(maps.error());
    return maps->write(step.to);
  }

 private:
  Result<void> load() {
    if (!loads_ || programs_) return {};
    auto programs = Programs::load(running_program_);
    if (!programs) return std::unexpected(programs.error());
    programs_ = std::move(*programs);
    return {};
  }

  std::uint32_t running_program_;
  bool loads_;
  std::optional<Programs> programs_;
};

bool is_load(const PlannedStep& planned) {
  const auto* program = std::get_if<ChangeProgram>(&planned.step);
  return program != nullptr && program->change != ProgramChange::detach;
}

std::vector<Step> steps_of(const Plan& plan) {
  std::vector<Step> steps;
  steps.reserve(plan.steps.size());
  for (const auto& planned : plan.steps) steps.push_back(planned.step);
  return steps;
}

/// Takes the first `count` steps back, newest first. Returns what could not be, for the error message.
std::string roll_back(const Plan& plan, std::size_t count, Executor& executor) {
  std::string failures;
  for (const auto& planned : plan.steps | std::views::take(count) | std::views::reverse) {
    if (is_load(planned) && std::get<ChangeProgram>(planned.step).change == ProgramChange::replace) continue;
    if (auto done = std::visit(executor, inverse(planned.step)); !done) failures += "; " + done.error().message;
  }
  return failures;
}

}  // namespace

Result<void> execute_setup(const Plan& plan, const Observed& observed, const Record& record,
                           const std::string& record_file, const Progress& progress) {
  if (plan.steps.empty()) return {};
  const bool loads = std::ranges::any_of(plan.steps, is_load);
  Record next{loads ? program_version() : record.program_version, merge(record.done, steps_of(plan))};
  if (auto saved = save_record(record_file, next); !saved) return saved;

  Executor executor(attached_program(observed), loads);
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    auto done = std::visit(executor, plan.steps[i].step);
    if (done) {
      progress(plan.steps[i]);
      continue;
    }
    const std::string left = roll_back(plan, i, executor);
    if (!left.empty()) {
      return fail(fmt::format("{}; taking back what was done failed too{}", done.error().message, left),
                  done.error().code);
    }
    if (auto saved = save_record(record_file, record); !saved) return saved;
    return fail(done.error().message + "; what had been done is taken back", done.error().code);
  }
  return {};
}

Result<void> execute_undo(const Plan& plan, const std::string& record_file, const Progress& progress) {
  Executor executor(0, false);
  std::optional<Error> first;
  for (const auto& planned : plan.steps) {
    auto done = std::visit(executor, planned.step);
    if (done) {
      progress(planned);
    } else if (!first) {
      first = done.error();
    }
  }
  if (first) return fail(first->message + "; the record is kept, so that --undo can be tried again", first->code);
  return save_record(record_file, Record{});
}

}  // namespace ballast::realserver
