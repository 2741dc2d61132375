#include "config/keepalived/authentication.h"

#include <algorithm>

#include "config/hmac_key.h"

namespace ballast::config::keepalived {
namespace {

using cluster::VrrpAuthentication;

constexpr auto password_keywords = std::to_array<Keyword<cluster::VrrpSecurity>>({
    {"auth_type",
     [](cluster::VrrpSecurity& s, const Node& node, Context& x) {
       const auto type = text_of(node, x);
       if (!type) return;
       if (*type != "PASS" && *type != "AH") {
         return x.report.error(node.at, fmt::format("auth_type is PASS or AH, not {}", quoted(*type)));
       }
       s.type = *type == "PASS" ? cluster::VrrpAuthentication::password : cluster::VrrpAuthentication::header;
     }},
    {"auth_pass",
     [](cluster::VrrpSecurity& s, const Node& node, Context& x) {
       constexpr std::size_t longest = 8;
       s.password = text_of(node, x).value_or("");
       if (s.password.size() <= longest) return;
       s.password.resize(longest);
       x.report.warning(node.at, "auth_pass: only the first 8 characters count");
     }},
});

std::optional<std::uint8_t> key_id_of(const Node& node, Context& context) {
  const auto id = number_of(node, context, 1, 255);
  return id ? std::optional(static_cast<std::uint8_t>(*id)) : std::nullopt;
}

/// key ID SECRET
void read_key(cluster::VrrpSecurity& security, const Node& node, Context& context) {
  const auto id = key_id_of(node, context);
  const auto written = text_of(node, context, 2);
  if (!id || !written) return;
  if (std::ranges::find(security.keys, *id, &cluster::HmacKey::id) != security.keys.end()) {
    return context.report.error(node.at, fmt::format("key {} is here twice", *id));
  }
  if (auto key = read_hmac_key(*id, *written)) {
    security.keys.push_back(std::move(*key));
  } else {
    context.report.error(node.at, fmt::format("key {}: {}", *id, key.error().message));
  }
}

/// Puts the key that signs to the front.
void read_active_key(cluster::VrrpSecurity& security, const Node& block, Context& context) {
  for (const Node& node : block.children) {
    const auto id = node.keyword() == "active_key" ? key_id_of(node, context) : std::nullopt;
    if (!id) continue;
    const auto found = std::ranges::find(security.keys, *id, &cluster::HmacKey::id);
    if (found == security.keys.end()) {
      context.report.error(node.at, fmt::format("active_key {}: there is no such key", *id));
    } else {
      std::rotate(security.keys.begin(), found, found + 1);
    }
  }
}

void read_anti_replay(cluster::VrrpSecurity& security, const Node& node, Context& context) {
  const auto word = text_of(node, context);
  if (!word) return;
  if (*word == "time" || *word == "monotonic") {
    security.anti_replay = *word == "time" ? cluster::AntiReplay::time : cluster::AntiReplay::monotonic;
  } else {
    context.report.error(node.at, fmt::format("anti_replay is time or monotonic, not {}", quoted(*word)));
  }
}

void read_hmac_mode(cluster::VrrpSecurity& security, const Node& node, Context& context) {
  const auto mode = text_of(node, context);
  if (!mode) return;
  if (*mode == "enforce") {
    security.mode = cluster::HmacMode::enforce;
  } else if (*mode == "permissive") {
    security.mode = cluster::HmacMode::permissive;
  } else if (*mode == "receive-only" || *mode == "receive_only") {
    security.mode = cluster::HmacMode::receive_only;
  } else {
    context.report.error(node.at, fmt::format("mode is enforce, permissive or receive-only, not {}", quoted(*mode)));
  }
}

constexpr auto hmac_keywords = std::to_array<Keyword<cluster::VrrpSecurity>>({
    {"key", read_key},
    {"active_key", [](cluster::VrrpSecurity&, const Node&, Context&) {}},  // when all keys are known
    {"anti_replay", read_anti_replay},
    {"time_window",
     [](cluster::VrrpSecurity& s, const Node& node, Context& x) {
       constexpr std::int64_t most = 300;
       s.window = std::chrono::seconds(number_of(node, x, 1, most).value_or(s.window.count()));
     }},
    {"mode", read_hmac_mode},
});

}  // namespace

void read_password(cluster::VrrpSecurity& security, const Node& block, Context& context) {
  read_block<cluster::VrrpSecurity>(password_keywords, {}, security, block, "of authentication", context);
}

void read_hmac(cluster::VrrpSecurity& security, const Node& block, Context& context) {
  security.type = VrrpAuthentication::hmac;
  security.window = {};
  read_block<cluster::VrrpSecurity>(hmac_keywords, {}, security, block, "of auth_hmac", context);
  read_active_key(security, block, context);
  const bool has_key = std::ranges::find(block.children, "key", &Node::keyword) != block.children.end();
  if (!has_key) context.report.error(block.at, "auth_hmac has no key");
}

void settle_authentication(cluster::VrrpInstance& instance, const Place& at, Context& context) {
  auto& security = instance.security;
  if (security.type == VrrpAuthentication::hmac) {
    const auto usual =
        std::max(std::chrono::floor<std::chrono::seconds>(3 * instance.interval), std::chrono::seconds{5});
    if (security.window.count() == 0) security.window = usual;
  } else if (security.type != VrrpAuthentication::none && instance.version == 3) {
    context.report.warning(at, "VRRP version 3 has no authentication; it is left out");
    security = {};
  }
}

}  // namespace ballast::config::keepalived
