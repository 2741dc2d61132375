#include <unistd.h>

#include <iostream>
#include <vector>

#include "cli/ipvsadm/client_table.h"
#include "cli/ipvsadm/ipvsadm.h"

namespace ballast::ipvsadm {

namespace {

/// What one run needs of the process.
struct Process {
  Process() {
    std::ios::sync_with_stdio(false);
    if (::isatty(STDOUT_FILENO) == 0) {  // as the C library buffers: what goes into a file is written at the end
      std::cin.tie(nullptr);
      std::cerr.tie(nullptr);
    }
  }
  ~Process() { std::cout.flush(); }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  ClientTable table;
  SystemNames names;
  Streams streams{std::cin, std::cout, std::cerr};
};

}  // namespace

int run_ipvsadm(int argc, char** argv) {
  Process process;
  const std::vector<std::string> words(argv, argv + argc);
  return ipvsadm_main(words, process.table, process.names, process.streams);
}

int run_ipvsadm_restore() {
  Process process;
  return Executor("ipvsadm", process.table, process.names, process.streams).restore_at_once();
}

}  // namespace ballast::ipvsadm
