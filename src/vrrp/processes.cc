#include "vrrp/processes.h"

#include <dirent.h>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>

namespace ballast::vrrp {
namespace {

constexpr std::size_t comm_length = 15;

std::string read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> split_at_nul(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const auto end = text.find('\0');
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), words.back().size() + 1));
  }
  return words;
}

/// The state letter of /proc/PID/stat, behind the name in parentheses.
bool is_zombie(const std::string& stat) {
  const auto end = stat.rfind(')');
  return end != std::string::npos && end + 2 < stat.size() && (stat[end + 2] == 'Z' || stat[end + 2] == 'X');
}

bool name_matches(const cluster::TrackProcess& wanted, const RunningProcess& process) {
  const bool path = wanted.process.find('/') != std::string::npos;
  if (path || wanted.whole_command) return !process.words.empty() && process.words.front() == wanted.process;
  return process.name == wanted.process.substr(0, comm_length);
}

}  // namespace

bool matches(const cluster::TrackProcess& wanted, const RunningProcess& process) {
  if (!name_matches(wanted, process)) return false;
  if (wanted.arguments.empty()) return true;
  if (process.words.size() <= wanted.arguments.size()) return false;
  if (!std::equal(wanted.arguments.begin(), wanted.arguments.end(), process.words.begin() + 1)) return false;
  return wanted.arguments_may_go_on || process.words.size() == wanted.arguments.size() + 1;
}

std::vector<RunningProcess> running_processes() {
  std::vector<RunningProcess> all;
  const std::unique_ptr<DIR, int (*)(DIR*)> proc(::opendir("/proc"), ::closedir);
  if (!proc) return all;
  while (const dirent* entry = ::readdir(proc.get())) {
    const std::string_view name = entry->d_name;
    if (!std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; })) continue;
    const std::string directory = fmt::format("/proc/{}/", name);
    if (is_zombie(read_all(directory + "stat"))) continue;
    RunningProcess process{.name = read_all(directory + "comm"),
                           .words = split_at_nul(read_all(directory + "cmdline"))};
    if (process.name.ends_with('\n')) process.name.pop_back();
    if (!process.name.empty()) all.push_back(std::move(process));
  }
  return all;
}

bool ProcessState::add(const cluster::TrackProcess& wanted, std::uint32_t count, Duration elapsed) {
  const bool good = count >= wanted.least && (wanted.most == 0 || count <= wanted.most);
  if (!known_) {
    known_ = true;
    good_ = good;
  }
  if (good == good_) {
    other_for_ = Duration{0};
    return good_;
  }
  other_for_ += elapsed;
  if (other_for_ >= (good ? wanted.up_delay : wanted.down_delay)) {
    good_ = good;
    other_for_ = Duration{0};
  }
  return good_;
}

}  // namespace ballast::vrrp
