// `ballast connections`: which ones, and as text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "control/api.h"

namespace CLI {
class App;
}

namespace ballast::cli {

/// What the command line says; an empty string means no condition.
struct ConnectionOptions {
  std::string client;  ///< address or prefix
  std::optional<std::uint16_t> client_port;
  std::string virtual_address;  ///< address, or address and port
  std::optional<std::uint16_t> virtual_port;
  std::string server;  ///< address, or address and port
  std::string state;   ///< in any case
  std::string protocol;
  std::uint64_t limit = 0;  ///< at most this many; 0: all
  bool as_json = false;
};

/// Adds the options that say between whom packets go, and by which protocol. `options` must outlive `command`.
void add_place_options(CLI::App* command, ConnectionOptions& options);

/// The filter that the options ask for. The Error names the option.
Result<control::ConnectionFilter> filter_of(const ConnectionOptions& options);

/// Rows of a table, with titles where `with_titles`. Pages after one another are aligned with each other unless a cell
/// is wider than a full IPv4 endpoint.
std::string connections_text(const std::vector<control::ConnectionView>& connections, bool with_titles);

}  // namespace ballast::cli
