// The commands of `ballast`. Each function adds one to `app`; when the command line names it, it runs and writes its
// exit status (0, or 1 with a line on stderr) to `exit_status`, which must outlive `app`.
#pragma once

namespace CLI {
class App;
}

namespace ballast::cli {

void add_run_command(CLI::App& app, int& exit_status);
void add_check_command(CLI::App& app, int& exit_status);
void add_probe_command(CLI::App& app, int& exit_status);
void add_convert_command(CLI::App& app, int& exit_status);
void add_status_command(CLI::App& app, int& exit_status);
void add_services_command(CLI::App& app, int& exit_status);
void add_checks_command(CLI::App& app, int& exit_status);
void add_sync_command(CLI::App& app, int& exit_status);
void add_connections_command(CLI::App& app, int& exit_status);
void add_counters_command(CLI::App& app, int& exit_status);
void add_capture_command(CLI::App& app, int& exit_status);
void add_explain_command(CLI::App& app, int& exit_status);
void add_apply_command(CLI::App& app, int& exit_status);
void add_proc_command(CLI::App& app, int& exit_status);
void add_vrrp_command(CLI::App& app, int& exit_status);
void add_metrics_command(CLI::App& app, int& exit_status);
void add_report_command(CLI::App& app, int& exit_status);
void add_reload_command(CLI::App& app, int& exit_status);
void add_stop_command(CLI::App& app, int& exit_status);
void add_version_command(CLI::App& app, int& exit_status);

}  // namespace ballast::cli
