// links: ballast_ipvsadm
// Lines of `ipvsadm -R`: any bytes must be refused or taken, and what was taken must survive being saved and restored.
// ipvsadm-restore makes the same table of them; `ballast apply` takes them or names a line.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/ipvsadm/ipvsadm.h"
#include "cli/ipvsadm/rules_file.h"
// What stands in for the daemon and the machine's names in the unit tests does so here.
#include "tests/unit/ipvsadm/known_names.cc"
#include "tests/unit/ipvsadm/memory_table.cc"

namespace {

using ballast::cluster::MarkKey;
using namespace ballast::ipvsadm;

int run(MemoryTable& table, std::vector<std::string> words, const std::string& input, std::string* output) {
  static const KnownNames names;
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream err;
  const int exit_code = ipvsadm_main(words, table, names, {in, out, err});
  if (exit_code != 0 && exit_code != 1 && exit_code != 2 && exit_code != 255) std::abort();
  if (output != nullptr) *output = out.str();
  return exit_code;
}

/// The lines of a saved table in an order of their own: that of the command has cycles, and depends on the order
/// before.
std::vector<std::string> sorted_lines(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  std::ranges::sort(lines);
  return lines;
}

/// Marks above 2^31-1 are saved as negative numbers, and flags without a name as nothing: neither can be read back.
bool can_be_saved(const MemoryTable& table) {
  for (const auto& service : table.cluster.services) {
    const auto* mark = std::get_if<MarkKey>(&service.key);
    if (mark != nullptr && mark->mark > 0x7fffffff) return false;
    if ((service.scheduler_flags & ballast::cluster::scheduler_flag_3) != 0) return false;
  }
  return true;
}

/// Lists among the rules: a list of a service that is not there ends `ipvsadm -R`, while ipvsadm-restore prints lists
/// when all rules are applied.
bool has_lists(const std::string& input) {
  for (const std::string_view option : {"-L", "-l", "-S", "--list", "--save"}) {
    if (input.find(option) != std::string::npos) return true;
  }
  return false;
}

void restore_at_once(MemoryTable& table, const std::string& input) {
  static const KnownNames names;
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream err;
  Executor("ipvsadm", table, names, {in, out, err}).restore_at_once();
}

void check_rules_file(const std::string& input) {
  looks_like_rules(input);
  const auto rules = read_rules(input, "rules", KnownNames());
  if (!rules && !rules.error().message.starts_with("rules:")) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  MemoryTable table;
  run(table, {"ipvsadm", "-R"}, input, nullptr);
  MemoryTable made_at_once;
  restore_at_once(made_at_once, input);
  const bool comments = input.find('#') != std::string::npos;  // only ipvsadm-restore leaves them out
  if (!comments && !has_lists(input) && made_at_once.cluster != table.cluster) std::abort();
  check_rules_file(input);
  for (const auto* columns : {"--stats", "--rate", "--thresholds", "--persistent-conn", "--tun-info", "--exact"}) {
    if (run(table, {"ipvsadm", "-L", columns}, "", nullptr) != 0) std::abort();
  }
  if (!can_be_saved(table)) return 0;

  std::string saved;
  std::string saved_again;
  MemoryTable restored;
  run(table, {"ipvsadm", "-S", "-n"}, "", &saved);
  if (run(restored, {"ipvsadm", "-R"}, saved, nullptr) != 0) std::abort();
  run(restored, {"ipvsadm", "-S", "-n"}, "", &saved_again);
  if (sorted_lines(saved) != sorted_lines(saved_again)) std::abort();
  return 0;
}
