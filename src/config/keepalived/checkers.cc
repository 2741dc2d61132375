#include <algorithm>
#include <array>

#include "config/keepalived/lvs.h"
#include "health/checks/sound.h"

namespace ballast::config::keepalived {
namespace {

using cluster::CheckType;
using cluster::HealthCheck;
using std::chrono::milliseconds;

/// A checker while it is read: what all have, and its own.
struct Checker {
  HealthCheck check;
  Timing timing;
  std::vector<HealthCheck> hosts;  ///< SMTP_CHECK
  const CheckerSurroundings& surroundings;
};

/// What a checker counts with where nothing is written.
struct Defaults {
  std::uint32_t retry = 1;
  milliseconds delay_before_retry{1000};
};

/// Puts the timing into the check. keepalived tries `retry` times more before a server is down, and takes one up at the
/// first success.
void set_timing(HealthCheck& check, const Timing& timing, const Defaults& defaults, const Globals& globals) {
  constexpr milliseconds default_loop{60'000};
  constexpr milliseconds default_timeout{5000};
  check.interval = std::max(timing.delay_loop.value_or(default_loop), milliseconds(1));
  check.changing_interval = timing.delay_before_retry.value_or(defaults.delay_before_retry);
  if (check.timeout.count() == 0) {
    check.timeout = std::max(timing.connect_timeout.value_or(default_timeout), milliseconds(1));
  }
  check.warmup = timing.warmup;
  check.rise = 1;
  check.fall = timing.retry.value_or(defaults.retry) + 1;
  check.initially_up = !timing.alpha.value_or(false);
  check.log_all_failures = timing.log_all_failures.value_or(globals.log_all_failures);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// The bytes of a free-form hexadecimal text, as words of one or more digits; 'x' for digits that do not matter.
/// nullopt where there are other characters.
struct Nibbles {
  int high;  ///< -1: any
  int low;
};
std::optional<std::vector<Nibbles>> hex_bytes(const Node& node) {
  std::vector<Nibbles> bytes;
  std::string text;
  for (std::size_t i = 1; i < node.size(); ++i) text += std::string(node.word(i)) + " ";
  std::vector<int> digits;
  const auto flush = [&] {
    // A word with an odd number of digits ends in a byte of one.
    for (std::size_t i = 0; i < digits.size(); i += 2) {
      const bool single = i + 1 == digits.size();
      bytes.push_back(single ? Nibbles{0, digits[i]} : Nibbles{digits[i], digits[i + 1]});
    }
    digits.clear();
  };
  for (const char c : text) {
    if (c == ' ' || c == '\t') {
      flush();
    } else if (c == 'x' || c == 'X') {
      digits.push_back(-1);
    } else if (hex_digit(c) >= 0) {
      digits.push_back(hex_digit(c));
    } else {
      return std::nullopt;
    }
  }
  return bytes;
}

std::string byte_expression(const Nibbles& byte) {
  if (byte.high >= 0 && byte.low >= 0) return fmt::format("\\x{{{:x}{:x}}}", byte.high, byte.low);
  if (byte.high >= 0) return fmt::format("[\\x{{{0:x}0}}-\\x{{{0:x}f}}]", byte.high);
  if (byte.low < 0) return "[\\x{00}-\\x{ff}]";
  std::string any = "[";
  for (int high = 0; high < 16; ++high) any += fmt::format("\\x{{{:x}{:x}}}", high, byte.low);
  return any + "]";
}

/// An expression for a reply that has these bytes, as many of them as the reply is long.
std::string reply_expression(const std::vector<Nibbles>& bytes) {
  constexpr std::size_t most_nested = 200;
  std::string expression;
  for (std::size_t i = bytes.size(); i-- > 0;) {
    expression.insert(0, byte_expression(bytes[i]));
    if (i < most_nested) expression = fmt::format("(?:{}|\\z)", expression);
  }
  return "\\A" + expression;
}

void read_payload(Checker& checker, const Node& node, Context& context) {
  const auto bytes = hex_bytes(node);
  const bool whole = bytes && std::ranges::all_of(*bytes, [](const Nibbles& b) { return b.high >= 0 && b.low >= 0; });
  if (!whole) return context.report.error(node.at, "payload wants hexadecimal digits");
  checker.check.send.clear();
  for (const Nibbles& byte : *bytes) checker.check.send += static_cast<char>(byte.high << 4 | byte.low);
}

void read_reply(Checker& checker, const Node& node, Context& context) {
  checker.check.reply = true;
  const auto bytes = hex_bytes(node);
  if (!bytes) return context.report.error(node.at, "require_reply wants hexadecimal digits, or X for any");
  if (!bytes->empty()) checker.check.expect = reply_expression(*bytes);
}

std::uint32_t length_of(const Node& node, Context& context) {
  return static_cast<std::uint32_t>(number_of(node, context, 0, 65535).value_or(0));
}

void read_record(Checker& checker, const Node& node, Context& context) {
  constexpr std::array<std::string_view, 7> records = {"A", "NS", "CNAME", "SOA", "MX", "TXT", "AAAA"};
  const auto type = text_of(node, context);
  if (!type) return;
  if (std::ranges::find(records, *type) == records.end()) {
    return context.report.error(node.at,
                                fmt::format("type is A, NS, CNAME, SOA, MX, TXT or AAAA, not {}", quoted(*type)));
  }
  checker.check.record = *type;
}

/// host { connect_ip ... }: a further address to ask.
void read_host(Checker& checker, const Node& block, Context& context) {
  HealthCheck host;
  for (const Node& node : block.children) {
    if (read_connection(host, node, context) || read_timing(checker.timing, node, context)) continue;
    context.report.unknown_keyword(node.at, node.keyword(), "of a host of SMTP_CHECK", connection_keywords());
  }
  checker.hosts.push_back(std::move(host));
}

void read_file(Checker& checker, const Node& node, Context& context) {
  const auto name = text_of(node, context);
  if (!name) return;
  const auto& files = checker.surroundings.document.vrrp.files;
  const auto file = std::ranges::find(files, *name, &cluster::TrackFile::name);
  if (file == files.end())
    return context.report.error(node.at, fmt::format("there is no track_file {}", quoted(*name)));
  checker.check.command = file->path;
  if (checker.check.weight == 0) checker.check.weight = file->reverse ? -file->weight : file->weight;
}

void read_file_weight(Checker& checker, const Node& node, Context& context) {
  constexpr std::int64_t limit = 2147483647;
  const auto weight = weight_of(node, context, limit);
  if (!weight) return;
  checker.check.weight = weight->weight.value_or(1) * (weight->reverse ? -1 : 1);
}

using CheckerKeyword = Keyword<Checker>;
constexpr auto smtp_keywords = std::to_array<CheckerKeyword>({
    {"helo_name", [](Checker& c, const Node& node, Context& x) { c.check.helo = text_of(node, x).value_or(""); }},
    {"host", read_host},
});
constexpr auto dns_keywords = std::to_array<CheckerKeyword>({
    {"type", read_record},
    {"name", [](Checker& c, const Node& node, Context& x) { c.check.request = text_of(node, x).value_or("."); }},
});
constexpr auto misc_keywords = std::to_array<CheckerKeyword>({
    {"misc_path",
     [](Checker& c, const Node& node, Context& x) {
       const auto script = script_of(node, x);
       if (!script) return;
       c.check.command = script->command;
       if (!script->user.empty()) c.check.command_user = script->user;
     }},
    {"misc_timeout", [](Checker& c, const Node& node,
                        Context& x) { c.check.timeout = milliseconds_of(node, x).value_or(c.check.timeout); }},
    {"misc_dynamic",
     [](Checker& c, const Node& node, Context& x) { c.check.weight_from_result = boolean_of(node, x).value_or(true); }},
    {"user", [](Checker& c, const Node& node, Context&) { c.check.command_user = user_of(node, 1); }},
});
constexpr auto udp_keywords = std::to_array<CheckerKeyword>({
    {"payload", read_payload},
    {"require_reply", read_reply},
    {"min_reply_length", [](Checker& c, const Node& node, Context& x) { c.check.reply_least = length_of(node, x); }},
    {"max_reply_length", [](Checker& c, const Node& node, Context& x) { c.check.reply_most = length_of(node, x); }},
});
constexpr auto file_keywords = std::to_array<CheckerKeyword>({
    {"track_file", read_file},
    {"weight", read_file_weight},
    {"dynamic", [](Checker& c, const Node&, Context&) { c.check.weight_from_result = true; }},
});

/// What a checker is: its type, its own keywords, whether those of connections go with it.
struct Kind {
  std::string_view name;
  CheckType type;
  std::span<const CheckerKeyword> keywords;
  bool connects;
  Defaults defaults;
};

constexpr std::array<std::string_view, 10> names = {"HTTP_GET",   "SSL_GET",   "TCP_CHECK",  "SMTP_CHECK", "DNS_CHECK",
                                                    "MISC_CHECK", "UDP_CHECK", "PING_CHECK", "FILE_CHECK", "BFD_CHECK"};
constexpr auto kinds = std::to_array<Kind>({
    {"TCP_CHECK", CheckType::tcp, {}, true, {}},
    {"SMTP_CHECK", CheckType::smtp, smtp_keywords, true, {}},
    {"DNS_CHECK", CheckType::dns, dns_keywords, true, {.retry = 3, .delay_before_retry = milliseconds(0)}},
    {"MISC_CHECK", CheckType::command, misc_keywords, false, {.retry = 0}},
    {"UDP_CHECK", CheckType::udp, udp_keywords, true, {}},
    {"PING_CHECK", CheckType::icmp, {}, true, {}},
    {"FILE_CHECK", CheckType::file, file_keywords, false, {}},
});

void read_keywords(Checker& checker, const Kind& kind, const Node& block, Context& context) {
  for (const Node& node : block.children) {
    if (read_timing(checker.timing, node, context)) continue;
    if (kind.connects && read_connection(checker.check, node, context)) continue;
    std::vector<CheckerKeyword> own(kind.keywords.begin(), kind.keywords.end());
    const auto known = std::ranges::find(own, node.keyword(), &CheckerKeyword::name);
    if (known != own.end()) {
      known->read(checker, node, context);
      continue;
    }
    std::vector<std::string_view> candidates(timing_keywords().begin(), timing_keywords().end());
    for (const auto& keyword : own) candidates.push_back(keyword.name);
    if (kind.connects) {
      candidates.insert(candidates.end(), connection_keywords().begin(), connection_keywords().end());
    }
    context.report.unknown_keyword(node.at, node.keyword(), fmt::format("of {}", kind.name), candidates);
  }
}

void set_defaults(Checker& checker, CheckType type, const Globals& globals) {
  constexpr std::uint32_t longest_reply = 255;
  checker.check.type = type;
  checker.check.timeout = milliseconds(0);
  if (type == CheckType::dns) checker.check.record = "SOA";
  if (type == CheckType::dns) checker.check.request = ".";
  if (type == CheckType::udp) checker.check.reply_most = longest_reply;
  if (type == CheckType::command) checker.check.command_user = globals.script_user;
}

/// Reports a checker that does not say what it runs or reads, unless what it says is reported as wrong.
void require_command(const HealthCheck& check, const Node& block, Context& context) {
  const bool of_file = check.type == CheckType::file;
  if ((check.type != CheckType::command && !of_file) || !check.command.empty()) return;
  const std::string_view wanted = of_file ? "track_file" : "misc_path";
  const auto written = std::ranges::find(block.children, wanted, &Node::keyword);
  if (written != block.children.end() && (of_file || written->size() == 1)) return;
  context.report.error(block.at, fmt::format("{} has no {}", block.keyword(), wanted));
}

/// The hosts of an SMTP_CHECK as checks of their own.
std::vector<HealthCheck> each_host(const Checker& checker) {
  if (checker.hosts.empty()) return {checker.check};
  std::vector<HealthCheck> checks;
  for (const HealthCheck& host : checker.hosts) {
    HealthCheck check = checker.check;
    if (host.address) check.address = host.address;
    if (host.port != 0) check.port = host.port;
    if (host.bind_to) check.bind_to = host.bind_to;
    if (!host.bind_interface.empty()) check.bind_interface = host.bind_interface;
    if (host.mark != 0) check.mark = host.mark;
    checks.push_back(std::move(check));
  }
  return checks;
}

}  // namespace

bool is_checker(std::string_view keyword) { return std::ranges::find(names, keyword) != names.end(); }
std::span<const std::string_view> checker_keywords() { return names; }

std::vector<HealthCheck> read_checker(const Node& block, const CheckerSurroundings& surroundings, Context& context) {
  const Globals& globals = surroundings.document.globals;
  if (block.keyword() == "BFD_CHECK") {
    block.pass_over();
    context.report.warning(block.at, "BFD_CHECK is not acted on: there is no BFD");
    return {};
  }
  Checker checker{.check = {}, .timing = {}, .hosts = {}, .surroundings = surroundings};
  const auto kind = std::ranges::find(kinds, block.keyword(), &Kind::name);
  Defaults defaults{.retry = 1, .delay_before_retry = milliseconds(3000)};
  if (kind == kinds.end()) {
    set_defaults(checker, CheckType::http, globals);
    read_http_checker(checker.check, checker.timing, block, surroundings, context);
  } else {
    set_defaults(checker, kind->type, globals);
    read_keywords(checker, *kind, block, context);
    defaults = kind->defaults;
  }
  require_command(checker.check, block, context);
  if (checker.check.type == CheckType::file && checker.check.weight != 0) checker.check.weight_from_result = true;
  checker.timing.inherit(surroundings.timing);
  const bool own_timeout = checker.check.type == CheckType::command && checker.check.timeout.count() == 0;
  if (own_timeout) checker.check.timeout = checker.timing.delay_loop.value_or(milliseconds(60'000));
  set_timing(checker.check, checker.timing, defaults, globals);
  const auto problem = health::problem_of(checker.check);
  if (problem) context.report.error(block.at, fmt::format("{}: {}", block.keyword(), *problem));
  return each_host(checker);
}

}  // namespace ballast::config::keepalived
