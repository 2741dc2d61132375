#include "cli/explain_command.h"

#include <netinet/in.h>

#include <array>
#include <memory>

#include "cli/command.h"
#include "cli/commands.h"
#include "control/json_text.h"

namespace ballast::cli {
namespace {

/// The port of a client that --from does not name.
constexpr std::uint16_t usual_client_port = 40000;

template <std::size_t count>
Result<std::uint8_t> number_of(const std::array<std::pair<std::string_view, std::uint8_t>, count>& names,
                               std::string_view word, std::string_view option) {
  std::string known;
  for (const auto& [name, number] : names) {
    if (name == word) return number;
    known += (known.empty() ? "" : ", ") + std::string(name);
  }
  return fail(fmt::format("{} {}: must be one of {}", option, word, known), EINVAL);
}

Result<std::uint8_t> protocol_number(std::string_view word) {
  constexpr std::array<std::pair<std::string_view, std::uint8_t>, 4> names = {
      {{"tcp", IPPROTO_TCP}, {"udp", IPPROTO_UDP}, {"sctp", IPPROTO_SCTP}, {"icmp", IPPROTO_ICMP}}};
  return number_of(names, word, "--protocol");
}

Result<std::uint8_t> flag_bits(std::string_view words) {
  constexpr std::array<std::pair<std::string_view, std::uint8_t>, 6> names = {{{"fin", explain::flag_fin},
                                                                               {"syn", explain::flag_syn},
                                                                               {"rst", explain::flag_rst},
                                                                               {"psh", explain::flag_psh},
                                                                               {"ack", explain::flag_ack},
                                                                               {"urg", explain::flag_urg}}};
  std::uint8_t bits = 0;
  while (true) {
    const auto end = words.find(',');
    const auto bit = number_of(names, words.substr(0, end), "--flags");
    if (!bit) return bit;
    bits |= *bit;
    if (end == std::string_view::npos) return bits;
    words.remove_prefix(end + 1);
  }
}

/// Reads "ADDRESS" or "ADDRESS:PORT".
Result<net::Endpoint> place_of(std::string_view option, const std::string& text, std::optional<std::uint16_t> port) {
  if (const auto endpoint = net::Endpoint::parse(text)) return *endpoint;
  const auto address = net::Address::parse(text);
  if (!address || !port) {
    return fail(fmt::format("{} {}: must be {}, as 10.0.0.1:80 or [fd00::1]:80", option, text,
                            port ? "an address, or an address and a port" : "an address and a port"),
                EINVAL);
  }
  return net::Endpoint{*address, *port};
}

Result<void> run_explain(const ExplainOptions& options, const explain::Question& question) {
  const auto instance = instance_name("");
  if (!instance) return std::unexpected(instance.error());
  const auto answer = explain::explain(*instance, question);
  if (!answer) return std::unexpected(answer.error());
  if (options.as_json) {
    fmt::print("{}\n", control::json_text(explain_json(*answer)));
  } else {
    fmt::print("{}", explain_text(*answer));
  }
  return {};
}

}  // namespace

Result<explain::Question> question_of(const ExplainOptions& options) {
  explain::Question question;
  const auto protocol = protocol_number(options.protocol);
  if (!protocol) return std::unexpected(protocol.error());
  question.protocol = *protocol;
  const bool has_ports = question.protocol != IPPROTO_ICMP;
  const auto from = place_of("--from", options.from, has_ports ? usual_client_port : 0);
  if (!from) return std::unexpected(from.error());
  const auto to = place_of("--to", options.to, has_ports ? std::nullopt : std::optional<std::uint16_t>(0));
  if (!to) return std::unexpected(to.error());
  if (from->address.family() != to->address.family()) {
    return fail(fmt::format("--from {} --to {}: must be of one family", options.from, options.to), EINVAL);
  }
  question.from = *from;
  question.to = *to;
  if (!options.flags.empty()) {
    if (question.protocol != IPPROTO_TCP) return fail("--flags: only TCP has them", EINVAL);
    const auto flags = flag_bits(options.flags);
    if (!flags) return std::unexpected(flags.error());
    question.tcp_flags = *flags;
  }
  question.interface = options.interface;
  question.mark = options.mark;
  question.length = options.length;
  question.ttl = static_cast<std::uint8_t>(options.ttl);
  question.dont_fragment = options.dont_fragment;
  return question;
}

void add_explain_command(CLI::App& app, int& exit_status) {
  const auto options = std::make_shared<ExplainOptions>();
  auto* command = app.add_subcommand("explain", "Say what the director would do with a packet");
  command->add_option("--from", options->from, "Where it comes from")->required()->type_name("ADDRESS[:PORT]");
  command->add_option("--to", options->to, "Where it goes")->required()->type_name("ADDRESS[:PORT]");
  command->add_option("--protocol", options->protocol, "tcp (default), udp, sctp or icmp (an echo request)")
      ->type_name("PROTOCOL");
  command
      ->add_option("--flags", options->flags,
                   "TCP flags, as syn or rst,ack (default: ack where a connection is known, else syn)")
      ->type_name("FLAGS");
  command
      ->add_option("--interface", options->interface,
                   "Where it comes in (default: the one that its source is routed by)")
      ->type_name("NAME");
  command->add_option("--mark", options->mark, "Its firewall mark")->type_name("NUMBER");
  command->add_option("--length", options->length, "Bytes from the IP header on (default: headers only)")
      ->check(CLI::Range(1, int{explain::length_max}))
      ->type_name("BYTES");
  command->add_option("--ttl", options->ttl, "Its TTL or hop limit (default: 64)")
      ->check(CLI::Range(0, 255))
      ->type_name("NUMBER");
  command->add_flag("--df", options->dont_fragment, "It must not be fragmented (IPv4)");
  command->add_flag("--json", options->as_json, "Print JSON");
  run_on(command, exit_status, [options] {
    const auto question = question_of(*options);
    if (!question) throw CLI::ValidationError(question.error().message);
    return run_explain(*options, *question);
  });
}

}  // namespace ballast::cli
