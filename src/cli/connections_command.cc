#include "cli/connections_command.h"

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>

#include "cli/command.h"
#include "cli/commands.h"
#include "cli/table.h"
#include "cli/words.h"
#include "control/json.h"
#include "control/json_text.h"

namespace ballast::cli {
namespace {

using control::ConnectionFilter;
using control::ConnectionView;

constexpr std::size_t widest_ipv4_endpoint = 21;
constexpr std::size_t widest_state = 11;

std::string in_case(std::string text, int (*convert)(int)) {
  std::ranges::transform(text, text.begin(), [convert](unsigned char c) { return static_cast<char>(convert(c)); });
  return text;
}

std::optional<std::uint8_t> protocol_of(const std::string& text) {
  constexpr std::array<std::pair<std::string_view, std::uint8_t>, 4> names = {
      {{"ip", IPPROTO_IP}, {"tcp", IPPROTO_TCP}, {"udp", IPPROTO_UDP}, {"sctp", IPPROTO_SCTP}}};
  for (const auto& [name, number] : names) {
    if (in_case(text, std::tolower) == name) return number;
  }
  std::uint8_t number = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (wrong != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Reads "ADDRESS" or "ADDRESS:PORT" of an option.
Result<void> read_place(std::string_view option, const std::string& text, std::optional<net::Address>& address,
                        std::optional<std::uint16_t>& port) {
  if (text.empty()) return {};
  if (const auto bare = net::Address::parse(text)) {
    address = *bare;
    return {};
  }
  const auto endpoint = net::Endpoint::parse(text);
  if (!endpoint) {
    return fail(
        fmt::format("{} {}: must be an address, or an address and a port as 10.0.0.1:80 or [fd00::1]:80", option, text),
        EINVAL);
  }
  address = endpoint->address;
  port = endpoint->port;
  return {};
}

/// Writes pages one after another, as a table or as the elements of a JSON array.
class Output {
 public:
  explicit Output(bool as_json) : as_json_(as_json) {}

  void write(const std::vector<ConnectionView>& connections) {
    if (as_json_) {
      for (const auto& connection : connections) {
        fmt::print("{}{}", written_++ == 0 ? "[\n" : ",\n", control::json_text(control::to_json(connection)));
      }
    } else if (!connections.empty()) {
      fmt::print("{}", connections_text(connections, written_ == 0));
      written_ += connections.size();
    }
  }
  void end() const {
    if (as_json_) {
      fmt::print("{}", written_ == 0 ? "[]\n" : "\n]\n");
    } else if (written_ == 0) {
      fmt::print("no connections\n");
    }
  }
  [[nodiscard]] std::uint64_t written() const { return written_; }

 private:
  bool as_json_;
  std::uint64_t written_ = 0;
};

struct Page {
  std::vector<ConnectionView> connections;
  boost::json::value cursor;  ///< null at the end
};

Result<Page> ask_for_page(control::Client& client, const ConnectionFilter& filter, const boost::json::value& cursor) {
  auto answer = client.call("connections", {{"filter", control::to_json(filter)}, {"cursor", cursor}});
  if (!answer) return std::unexpected(answer.error());
  const boost::json::object* object = answer->if_object();
  const auto* listed = object == nullptr ? nullptr : object->if_contains("connections");
  const auto* next = object == nullptr ? nullptr : object->if_contains("cursor");
  if (listed == nullptr || next == nullptr) {
    return fail("the daemon's answer is not understood: daemon and command are of different versions", EPROTO);
  }
  auto connections = control::from_json<std::vector<ConnectionView>>(*listed);
  if (!connections) return std::unexpected(connections.error());
  return Page{std::move(*connections), *next};
}

Result<void> list(const ConnectionOptions& options, const ConnectionFilter& filter) {
  auto client = connect_to_daemon();
  if (!client) return std::unexpected(client.error());
  Output output(options.as_json);
  boost::json::value cursor = 0;
  while (!cursor.is_null()) {
    auto page = ask_for_page(*client, filter, cursor);
    if (!page) return std::unexpected(page.error());
    if (options.limit != 0) {
      const std::uint64_t left = options.limit - output.written();
      if (page->connections.size() >= left) {
        page->connections.resize(left);
        page->cursor = nullptr;
      }
    }
    output.write(page->connections);
    cursor = page->cursor;
  }
  output.end();
  return {};
}

}  // namespace

Result<ConnectionFilter> filter_of(const ConnectionOptions& options) {
  ConnectionFilter filter;
  if (!options.protocol.empty()) {
    filter.protocol = protocol_of(options.protocol);
    if (!filter.protocol) {
      return fail(fmt::format("--protocol {}: must be tcp, udp, sctp, ip or a number", options.protocol), EINVAL);
    }
  }
  if (!options.client.empty()) {
    filter.client = net::Prefix::parse(options.client);
    if (!filter.client) {
      return fail(fmt::format("--client {}: must be an address or a prefix, as 10.9.0.0/16", options.client), EINVAL);
    }
  }
  filter.client_port = options.client_port;
  if (auto read = read_place("--virtual", options.virtual_address, filter.virtual_address, filter.virtual_port);
      !read) {
    return std::unexpected(read.error());
  }
  if (options.virtual_port) filter.virtual_port = options.virtual_port;
  if (auto read = read_place("--server", options.server, filter.server, filter.server_port); !read) {
    return std::unexpected(read.error());
  }
  filter.state = in_case(options.state, std::toupper);
  return filter;
}

std::string connections_text(const std::vector<ConnectionView>& connections, bool with_titles) {
  Table table({{.title = "Prot", .align = Align::left, .width = 4},
               {.title = "Expire", .align = Align::right, .width = 6},
               {.title = "State", .align = Align::left, .width = widest_state},
               {.title = "Source", .align = Align::left, .width = widest_ipv4_endpoint},
               {.title = "Virtual", .align = Align::left, .width = widest_ipv4_endpoint},
               {.title = "Destination", .align = Align::left, .width = widest_ipv4_endpoint},
               {.title = "Forward", .align = Align::left, .width = 7}});
  for (const auto& connection : connections) {
    table.add({protocol_word(connection.protocol), expiry_words(connection.expires_seconds), connection.state,
               connection.client.to_string(), connection.virtual_address.to_string(), connection.server.to_string(),
               forward_word(connection.forward)});
  }
  return table.text(with_titles);
}

void add_place_options(CLI::App* command, ConnectionOptions& options) {
  const auto port = [&](const char* name, std::optional<std::uint16_t>& value, const char* help) {
    command->add_option(name, value, help)->check(CLI::Range(0, 65535))->type_name("PORT");
  };
  command->add_option("--client", options.client, "Only of this client address or prefix")
      ->type_name("ADDRESS[/LENGTH]");
  port("--client-port", options.client_port, "Only of this client port");
  command->add_option("--virtual", options.virtual_address, "Only to this VIP")->type_name("ADDRESS[:PORT]");
  port("--port", options.virtual_port, "Only to this port of the VIP");
  command->add_option("--server", options.server, "Only of this real server")->type_name("ADDRESS[:PORT]");
  command->add_option("--protocol", options.protocol, "Only of tcp, udp, sctp, ip or this number")
      ->type_name("PROTOCOL");
}

void add_connections_command(CLI::App& app, int& exit_status) {
  const auto options = std::make_shared<ConnectionOptions>();
  auto* command = app.add_subcommand("connections", "List connections");
  add_place_options(command, *options);
  command->add_option("--state", options->state, "Only in this state, as ESTABLISHED")->type_name("STATE");
  command->add_option("--limit", options->limit, "At most this many")->check(CLI::PositiveNumber)->type_name("COUNT");
  command->add_flag("--json", options->as_json, "Print JSON");
  run_on(command, exit_status, [options] {
    const auto filter = filter_of(*options);
    if (!filter) throw CLI::ValidationError(filter.error().message);
    return list(*options, *filter);
  });
}

}  // namespace ballast::cli
