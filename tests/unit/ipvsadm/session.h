// A session at the command line: one table, any number of commands.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "cli/ipvsadm/ipvsadm.h"
#include "known_names.h"
#include "memory_table.h"

namespace ballast::ipvsadm {

struct Session {
  struct Printed {
    std::string output;
    std::string errors;
    int exit_code = 0;
  };

  Printed run(const std::vector<std::string>& words, const std::string& input = {}) {
    std::istringstream in(input);
    std::ostringstream out;
    std::ostringstream err;
    const int exit_code = ipvsadm_main(words, table, names, {in, out, err});
    return {out.str(), err.str(), exit_code};
  }

  /// What ipvsadm-restore does with this input.
  Printed restore_at_once(const std::string& input) {
    std::istringstream in(input);
    std::ostringstream out;
    std::ostringstream err;
    const int exit_code = Executor("ipvsadm", table, names, {in, out, err}).restore_at_once();
    return {out.str(), err.str(), exit_code};
  }

  MemoryTable table;
  KnownNames names;
};

}  // namespace ballast::ipvsadm
