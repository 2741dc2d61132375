// `ballast realserver`: prepares this machine to receive what a director forwards by DR or TUN.
#pragma once

namespace CLI {
class App;
}

namespace ballast::cli {

/// Adds the sub-command "realserver" with its options. Parsing a command line that names it runs it and writes its exit
/// status (0, or 1 with a line on stderr) to `exit_status`, which must outlive `app`.
void add_realserver_command(CLI::App& app, int& exit_status);

}  // namespace ballast::cli
