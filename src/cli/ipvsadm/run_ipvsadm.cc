#include <unistd.h>

#include <iostream>
#include <vector>

#include "cli/ipvsadm/client_table.h"
#include "cli/ipvsadm/ipvsadm.h"

namespace ballast::ipvsadm {

int run_ipvsadm(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  if (::isatty(STDOUT_FILENO) == 0) {  // as the C library buffers: what goes into a file is written at the end
    std::cin.tie(nullptr);
    std::cerr.tie(nullptr);
  }
  const std::vector<std::string> words(argv, argv + argc);
  ClientTable table;
  const SystemNames names;
  const int exit_code = ipvsadm_main(words, table, names, {std::cin, std::cout, std::cerr});
  std::cout.flush();
  return exit_code;
}

}  // namespace ballast::ipvsadm
