// The texts of /proc/net/ip_vs, ip_vs_conn and ip_vs_stats, byte for byte as the kernel's ip_vs writes them: what
// exporters parse.
#pragma once

#include <string>
#include <vector>

#include "control/api.h"

namespace ballast::cli {

/// All of ip_vs. Persistence is in jiffies there, 250 a second as in Debian's kernels.
std::string proc_services(const std::vector<control::ServiceView>& services);

/// The title line of ip_vs_conn, and a line of it.
std::string proc_connections_title();
std::string proc_connection(const control::ConnectionView& connection);

/// All of ip_vs_stats.
std::string proc_stats(const control::Totals& totals);

}  // namespace ballast::cli
