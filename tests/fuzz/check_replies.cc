// links: ballast_checks
// What servers answer to checks. The first byte chooses the protocol; what follows is what the server says, cut where a
// byte 0xff 0x00 stands.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "health/checks/ping_message.h"
#include "health/checks/protocols.h"

namespace {

using namespace ballast;
using namespace ballast::health;

HealthCheck demanding_check() {
  HealthCheck check;
  check.user = "joe";
  check.password = "secret";
  check.secret = "shared";
  check.request = "name";
  check.expect = "^a?b";
  check.database_role.role = cluster::DatabaseRole::Required::read_only;
  check.database_role.lag = std::chrono::seconds(10);
  check.database_role.wsrep_synced = true;
  return check;
}

HealthCheck with_start_tls() {
  auto check = demanding_check();
  check.request.clear();
  check.tls.emplace().start_tls = true;
  return check;
}

HttpRequest http_request() {
  HttpRequest request;
  request.expect = "^a?b";
  request.status = "100-999";
  return request;
}

const std::vector<std::function<Conversation()>> conversations{
    [] { return text_conversation(demanding_check()); },
    [] { return http_1_conversation(demanding_check(), http_request(), "h"); },
    [] { return http_2_conversation(demanding_check(), http_request(), "h"); },
    [] { return smtp_conversation(demanding_check(), "me"); },
    [] { return imap_conversation(demanding_check()); },
    [] { return pop3_conversation(demanding_check()); },
    [] { return ftp_conversation(demanding_check()); },
    [] { return nntp_conversation(demanding_check()); },
    [] { return ldap_conversation(demanding_check()); },
    [] { return mysql_conversation(demanding_check()); },
    [] { return postgresql_conversation(demanding_check(), "nonce"); },
    [] { return redis_conversation(demanding_check()); },
    [] { return dns_conversation(demanding_check(), 1); },
    [] { return sip_conversation(demanding_check(), "10.0.0.1", "10.0.0.2:1", "tag"); },
    [] { return smtp_conversation(with_start_tls(), "me"); },
    [] { return imap_conversation(with_start_tls()); },
    [] { return ldap_conversation(with_start_tls()); },
    [] { return mysql_conversation(with_start_tls()); },
    [] { return postgresql_conversation(with_start_tls(), "nonce"); },
};

const std::vector<std::function<Result<Question>()>> questions{
    [] { return udp_question(demanding_check()); },
    [] { return dns_question(demanding_check(), 1); },
    [] { return sip_question(demanding_check(), "10.0.0.1", "10.0.0.2:1", "tag"); },
    [] { return radius_question(demanding_check(), 1, std::string(16, 'a')); },
};

std::string_view next_part(std::string_view& words) {
  constexpr std::string_view cut("\xff\x00", 2);
  const auto end = words.find(cut);
  const auto part = words.substr(0, end);
  words.remove_prefix(end == words.npos ? words.size() : end + cut.size());
  return part;
}

void hold(Conversation conversation, std::string_view words) {
  conversation.begin();
  while (true) {
    conversation.take_output();
    switch (conversation.wants()) {
      case Conversation::Wants::bytes:
        if (words.empty()) {
          conversation.ended();
        } else {
          conversation.received(next_part(words));
        }
        break;
      case Conversation::Wants::tls:
        conversation.secured();
        break;
      case Conversation::Wants::data_connection:
        conversation.connected();
        break;
      case Conversation::Wants::data:
        conversation.data("ab");
        break;
      case Conversation::Wants::nothing:
        if (!conversation.verdict()) __builtin_trap();
        return;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view words(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t choice = data[0] % (conversations.size() + questions.size() + 1);
  if (choice < conversations.size()) {
    hold(conversations[choice](), words);
  } else if (choice < conversations.size() + questions.size()) {
    questions[choice - conversations.size()]()->judge(words);
  } else {
    is_echo_reply(net::Family::ipv4, words, true, "payload");
  }
  return 0;
}
