// LDAP (RFC 4511): simple or anonymous bind, and a search for one entry.
#include "health/checks/ber.h"
#include "health/checks/lines.h"
#include "health/checks/pattern.h"
#include "health/checks/protocols.h"

namespace ballast::health {
namespace {

enum Operation : std::uint8_t {
  bind_request = 0x60,
  bind_response = 0x61,
  unbind_request = 0x42,
  search_request = 0x63,
  search_entry = 0x64,
  search_done = 0x65,
  search_reference = 0x73,
  extended_request = 0x77,
  extended_response = 0x78,
};
constexpr std::string_view start_tls_oid = "1.3.6.1.4.1.1466.20037";
constexpr std::string_view all_objects = "objectClass";
constexpr std::string_view no_attributes = "1.1";

struct LdapMessage {
  std::uint8_t operation = 0;
  std::string content;
};

std::string message(std::uint8_t id, std::string_view operation) {
  return ber::encode(ber::sequence, ber::encode_small(ber::integer, id) + std::string(operation));
}

std::string bind_of(const HealthCheck& check) {
  constexpr std::uint8_t simple = 0x80;
  return message(2,
                 ber::encode(bind_request, ber::encode_small(ber::integer, 3) + ber::encode(ber::octets, check.user) +
                                               ber::encode(simple, check.password)));
}

/// The base object alone, whatever it is, without its attributes.
std::string search_of(const HealthCheck& check) {
  constexpr std::uint8_t present = 0x87;
  return message(3,
                 ber::encode(search_request, ber::encode(ber::octets, check.request) +
                                                 ber::encode_small(ber::enumerated, 0) +  // scope: base object
                                                 ber::encode_small(ber::enumerated, 0) +  // aliases: as they are
                                                 ber::encode_small(ber::integer, 0) +     // size limit: none
                                                 ber::encode_small(ber::integer, 0) +     // time limit: none
                                                 ber::encode_small(ber::boolean, 0) +     // with values
                                                 ber::encode(present, all_objects) +
                                                 ber::encode(ber::sequence, ber::encode(ber::octets, no_attributes))));
}

std::string start_tls_request() {
  constexpr std::uint8_t request_name = 0x80;
  return message(1, ber::encode(extended_request, ber::encode(request_name, start_tls_oid)));
}

std::string unbind() { return message(4, ber::encode(unbind_request, "")); }

Parsed<LdapMessage> take_message(std::string& received) {
  Reader reader(received);
  if (!received.empty() && static_cast<unsigned char>(received[0]) != ber::sequence) return fail("not LDAP");
  const auto whole = ber::read(reader);
  if (!whole) {
    if (reader.good() && received.size() > 6) return fail("not LDAP: a malformed length");
    return std::optional<LdapMessage>();
  }
  Reader inside(whole->content);
  const auto id = ber::read(inside);
  const auto operation = ber::read(inside);
  if (!id || !operation || id->tag != ber::integer) return fail("not LDAP: a malformed message");
  LdapMessage taken{.operation = operation->tag, .content = std::string(operation->content)};
  received.erase(0, reader.at());
  return std::optional(std::move(taken));
}

/// nullopt: success. Else what the server says: "result 49 (invalid credentials)".
std::optional<std::string> refusal(const LdapMessage& answer, std::uint8_t wanted) {
  if (answer.operation != wanted) return fmt::format("an answer of kind {:#04x}", answer.operation);
  Reader reader(answer.content);
  const auto code = ber::read(reader);
  ber::read(reader);  // the matched name
  const auto text = ber::read(reader);
  if (!code || code->tag != ber::enumerated) return "a malformed answer";
  if (ber::number_of(*code) == 0) return std::nullopt;
  return fmt::format("result {} '{}'", ber::number_of(*code), text ? quotable(text->content) : "");
}

std::string name_of_entry(const LdapMessage& entry) {
  Reader reader(entry.content);
  const auto name = ber::read(reader);
  return name ? std::string(name->content) : "";
}

Verdict judge_entry(const Pattern& pattern, const std::string& name) {
  const auto matches = pattern.matches(name);
  if (!matches) return down(matches.error().message);
  if (!*matches) return down(fmt::format("entry '{}' does not match {}", quotable(name), pattern.to_string()));
  return up(fmt::format("entry '{}'", quotable(name)));
}

}  // namespace

Conversation ldap_conversation(HealthCheck check) {
  const auto pattern = Pattern::compile(check.expect);
  if (!pattern) co_return down(pattern.error().message);
  if (check.tls && check.tls->start_tls) {
    co_yield start_tls_request();
    const LdapMessage ready = co_await take("the answer to StartTLS", take_message);
    const auto refused = refusal(ready, extended_response);
    if (refused) co_return down(fmt::format("StartTLS refused: {}", *refused));
    co_await start_tls();
  }
  co_yield bind_of(check);
  const LdapMessage bound = co_await take("the answer to the bind", take_message);
  const auto refused = refusal(bound, bind_response);
  if (refused) co_return down(fmt::format("bind refused: {}", *refused));
  if (check.request.empty() && check.expect.empty()) {
    co_yield unbind();
    co_return up("bound");
  }
  co_yield search_of(check);
  std::optional<std::string> entry;
  while (true) {
    const LdapMessage answer = co_await take("the entry", take_message);
    if (answer.operation == search_entry) entry = name_of_entry(answer);
    if (answer.operation == search_entry || answer.operation == search_reference) continue;
    const auto failed = refusal(answer, search_done);
    if (failed) co_return down(fmt::format("search for '{}': {}", quotable(check.request), *failed));
    break;
  }
  co_yield unbind();
  if (!entry) co_return down(fmt::format("search for '{}': no entry", quotable(check.request)));
  co_return judge_entry(*pattern, *entry);
}

}  // namespace ballast::health
