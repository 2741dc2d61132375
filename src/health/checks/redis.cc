// Redis and its kin (RESP 2): AUTH where there is a password, PING, and ROLE where a role is wanted.
#include <charconv>

#include "health/checks/lines.h"
#include "health/checks/protocols.h"

namespace ballast::health {
namespace {

using Required = cluster::DatabaseRole::Required;

/// A reply, flattened: the texts and numbers in it, in order.
struct RedisReply {
  bool error = false;
  std::vector<std::string> words;
  [[nodiscard]] std::string word(std::size_t index) const { return index < words.size() ? words[index] : ""; }
};

constexpr int deepest = 4;
constexpr long longest_array = 10'000;

std::optional<long> number_in(std::string_view text) {
  long value = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (wrong != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Reads one value from `rest` into `reply`. False: it is not there as a whole.
Result<bool> read_value(std::string& rest, RedisReply& reply, int depth) {
  const auto line = take_line(rest);
  if (!line) return std::unexpected(line.error());
  if (!*line) return false;
  const std::string& text = **line;
  const char kind = text.empty() ? ' ' : text[0];
  const std::string value = text.empty() ? "" : text.substr(1);
  if (kind == '+' || kind == '-' || kind == ':') {
    reply.error = reply.error || kind == '-';
    reply.words.push_back(value);
    return true;
  }
  const auto count = number_in(value);
  if ((kind != '$' && kind != '*') || !count || depth > deepest) {
    return fail(fmt::format("not a reply of Redis: '{}'", quotable(text)));
  }
  if (kind == '*') {
    if (*count > longest_array) return fail("a reply of Redis has too many parts");
    for (long i = 0; i < *count; ++i) {
      const auto part = read_value(rest, reply, depth + 1);
      if (!part || !*part) return part;
    }
    return true;
  }
  const auto length = static_cast<std::size_t>(std::max(*count, 0L));
  if (*count < 0) return true;
  if (length > Conversation::most_unread) return fail("a reply of Redis is too long");
  if (rest.size() < length + 2) return false;
  reply.words.push_back(rest.substr(0, length));
  rest.erase(0, length + 2);
  return true;
}

Parsed<RedisReply> take_redis_reply(std::string& received) {
  std::string rest = received;
  RedisReply reply;
  const auto whole = read_value(rest, reply, 0);
  if (!whole) return std::unexpected(whole.error());
  if (!*whole) return std::optional<RedisReply>();
  received = std::move(rest);
  return std::optional(std::move(reply));
}

std::string command(const std::vector<std::string>& words) {
  std::string encoded = fmt::format("*{}\r\n", words.size());
  for (const auto& word : words) encoded += fmt::format("${}\r\n{}\r\n", word.size(), word);
  return encoded;
}

std::string login(const HealthCheck& check) {
  std::vector<std::string> words{"AUTH"};
  if (!check.user.empty()) words.push_back(check.user);
  words.push_back(check.password);
  return command(words);
}

/// "master" ..., or "slave", its master's address and port, and "connect", "connecting", "sync" or "connected".
Verdict judge_role(const RedisReply& role, Required required) {
  if (role.error) return down(fmt::format("ROLE was answered '{}'", quotable(role.word(0))));
  const bool is_master = role.word(0) == "master";
  if (required == Required::writable) return is_master ? up("is the master") : down("is a replica, wanted the master");
  if (is_master) return down("is the master, wanted a replica");
  if (role.word(3) != "connected") {
    return down(fmt::format("replication is not running (state '{}')", quotable(role.word(3))));
  }
  return up("is a replica, connected to its master");
}

}  // namespace

Conversation redis_conversation(HealthCheck check) {
  if (!check.password.empty()) {
    co_yield login(check);
    const RedisReply done = co_await take("the answer to AUTH", take_redis_reply);
    if (done.error) co_return down(fmt::format("login refused: '{}'", quotable(done.word(0))));
  }
  co_yield "PING\r\n";
  const RedisReply pong = co_await take("the answer to PING", take_redis_reply);
  if (pong.error || pong.word(0) != "PONG") {
    co_return down(fmt::format("PING was answered '{}'", quotable(pong.word(0))));
  }
  if (check.database_role.role == Required::any) co_return up("answered PONG");
  co_yield "ROLE\r\n";
  const RedisReply role = co_await take("the answer to ROLE", take_redis_reply);
  co_return judge_role(role, check.database_role.role);
}

}  // namespace ballast::health
