#include "control/counter_watch.h"

#include <fmt/format.h>

#include <utility>

namespace ballast::control {
namespace {

/// Counters whose names begin with `prefix` are watched; `remedy` is what to do when one rises.
struct Watched {
  std::string_view prefix;
  std::string_view remedy;
};

constexpr Watched watched[] = {
    {"table_full", "raise director.connections in the configuration and begin anew with 'ballast stop'"},
};

const Watched* watch_of(std::string_view name) {
  for (const Watched& one : watched) {
    if (name.starts_with(one.prefix)) return &one;
  }
  return nullptr;
}

}  // namespace

std::string CounterWatch::look(const std::vector<director::Counter>& counters) {
  std::string line;
  std::string_view remedy;
  for (const auto& counter : counters) {
    const Watched* watch = watch_of(counter.name);
    if (watch == nullptr) continue;
    auto known = values_.find(counter.name);
    if (known == values_.end()) known = values_.emplace(counter.name, looked_ ? 0 : counter.value).first;
    const std::uint64_t before = std::exchange(known->second, counter.value);
    if (counter.value <= before) continue;
    line += fmt::format("{}{}: {} more, {} in all ({})", line.empty() ? "" : "; ", counter.name, counter.value - before,
                        counter.value, counter.help);
    remedy = watch->remedy;
  }
  looked_ = true;
  return line.empty() ? line : fmt::format("{}: {}", line, remedy);
}

}  // namespace ballast::control
