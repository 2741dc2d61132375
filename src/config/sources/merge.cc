#include "config/sources/merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

namespace ballast::config {
namespace {

class Merger {
 public:
  Merger(Reading& whole, Reading& part, const std::string& path, std::vector<Problem>& problems)
      : whole_(whole), part_(part), path_(path), problems_(problems) {}

  void merge() {
    merge_services();
    merge_vrrp();
    merge_setting(whole_.cluster.director, part_.cluster.director, "settings of the director");
    merge_setting(whole_.cluster.sync, part_.cluster.sync, "settings of synchronization");
    append(whole_.wishes, part_.wishes);
    append(whole_.warnings, part_.warnings);
    append(whole_.files, part_.files);
  }

 private:
  template <typename T>
  static void append(std::vector<T>& to, std::vector<T>& from) {
    std::ranges::move(from, std::back_inserter(to));
  }

  void problem(const Place& at, std::string message) {
    problems_.push_back({.file = *at.file, .at = {.line = at.line, .column = 0}, .message = std::move(message)});
  }
  void problem(std::string message) { problems_.push_back({.file = path_, .at = {}, .message = std::move(message)}); }

  void merge_services() {
    std::map<cluster::ServiceKey, Place> taken;
    for (std::size_t i = 0; i < whole_.cluster.services.size(); ++i) {
      for (const auto& key : cluster::keys_of(whole_.cluster.services[i])) taken.emplace(key, whole_.service_places[i]);
    }
    for (std::size_t i = 0; i < part_.cluster.services.size(); ++i) {
      for (const auto& key : cluster::keys_of(part_.cluster.services[i])) {
        const auto other = taken.find(key);
        if (other == taken.end()) continue;
        problem(part_.service_places[i],
                fmt::format("{} is already a service: {}", cluster::to_string(key), to_string(other->second)));
      }
    }
    append(whole_.cluster.services, part_.cluster.services);
    append(whole_.service_places, part_.service_places);
  }

  /// Adds things with names, which must differ.
  template <typename T>
  void merge_named(std::vector<T>& to, std::vector<T>& from, std::string_view what) {
    for (const T& one : from) {
      if (std::ranges::find(to, one.name, &T::name) == to.end()) continue;
      problem(fmt::format("{} {} is in another file too ({})", what, quoted(one.name), whole_.files.front()));
    }
    append(to, from);
  }

  void merge_vrrp() {
    auto& to = whole_.cluster.vrrp;
    auto& from = part_.cluster.vrrp;
    merge_named(to.instances, from.instances, "VRRP instance");
    merge_named(to.groups, from.groups, "VRRP sync group");
    merge_named(to.scripts, from.scripts, "script");
    merge_named(to.files, from.files, "track file");
    merge_named(to.processes, from.processes, "track process");
    append(to.fixed.addresses, from.fixed.addresses);
    append(to.fixed.routes, from.fixed.routes);
    append(to.fixed.rules, from.fixed.rules);
    append(to.alerts, from.alerts);
    merge_setting(to.notify_fifo, from.notify_fifo, "notify_fifo");
    merge_setting(to.notify_fifo_command, from.notify_fifo_command, "notify_fifo_script");
  }

  /// Takes the one that is not the default.
  template <typename T>
  void merge_setting(T& to, T& from, std::string_view what) {
    if (from == T{} || from == to) return;
    if (to != T{}) {
      problem(fmt::format("{} are in another file too ({}); keep them in one", what, whole_.files.front()));
      return;
    }
    to = std::move(from);
  }

  Reading& whole_;
  Reading& part_;
  const std::string& path_;
  std::vector<Problem>& problems_;
};

}  // namespace

void merge(Reading& whole, Reading part, const std::string& path, std::vector<Problem>& problems) {
  Merger(whole, part, path, problems).merge();
}

}  // namespace ballast::config
