#include "vrrp/accept_mode.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nftables/libnftables.h>
#include <unistd.h>

#include <string_view>
#include <vector>

#include "base/log.h"

namespace ballast::vrrp {
namespace {

std::string table_name() { return fmt::format("ballast-vrrp-{}", ::getpid()); }

std::string put_elements(const std::string& table, std::string_view set, const std::set<net::Address>& refused,
                         bool ipv4) {
  std::string commands = fmt::format("flush set inet {} {}\n", table, set);
  std::vector<std::string> elements;
  for (const auto& address : refused) {
    if (address.is_ipv4() == ipv4) elements.push_back(address.to_string());
  }
  if (!elements.empty()) {
    commands += fmt::format("add element inet {} {} {{ {} }}\n", table, set, fmt::join(elements, ", "));
  }
  return commands;
}

}  // namespace

std::set<net::Address> refused_addresses(const cluster::VrrpInstance& instance) {
  std::set<net::Address> refused;
  if (instance.accept || instance.priority == 255) return refused;
  for (const auto& address : instance.addresses) refused.insert(address.address);
  for (const auto& address : instance.excluded_addresses) refused.insert(address.address);
  return refused;
}

std::string nft_commands(const std::string& table, const std::set<net::Address>& refused, bool make) {
  std::string commands;
  if (make) {
    commands = fmt::format(
        "table inet {} {{\n"
        "  flags owner\n"
        "  set ipv4 {{ type ipv4_addr; }}\n"
        "  set ipv6 {{ type ipv6_addr; }}\n"
        "  chain input {{\n"
        "    type filter hook input priority filter; policy accept;\n"
        "    iif \"lo\" accept\n"
        "    icmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert }} accept\n"
        "    ip daddr @ipv4 counter drop\n"
        "    ip6 daddr @ipv6 counter drop\n"
        "  }}\n"
        "}}\n",
        table);
  }
  return commands + put_elements(table, "ipv4", refused, true) + put_elements(table, "ipv6", refused, false);
}

AcceptMode::~AcceptMode() {
  if (nft_ != nullptr) ::nft_ctx_free(nft_);
}

void AcceptMode::configure(const cluster::VrrpSettings& settings) {
  refused_.clear();
  for (const auto& instance : settings.instances) {
    if (auto refused = refused_addresses(instance); !refused.empty()) refused_[instance.name] = std::move(refused);
  }
  enforce();
}

void AcceptMode::notify(const Event& event) {
  using Kind = Event::Kind;
  if (event.of_group || event.kind == Kind::priority || event.kind == Kind::lower_priority) return;
  if (event.kind == Kind::state && event.state == State::active) {
    active_.insert(event.name);
  } else {
    active_.erase(event.name);
  }
  enforce();
}

void AcceptMode::enforce() {
  std::set<net::Address> wanted;
  for (const auto& [name, refused] : refused_) {
    if (active_.contains(name)) wanted.insert(refused.begin(), refused.end());
  }
  if (wanted == in_force_) return;
  if (const auto done = run(nft_commands(table_name(), wanted, nft_ == nullptr)); !done) {
    log::error("VRRP: packets for addresses with no_accept are taken all the same: nftables: {}", done.error().message);
    return;
  }
  in_force_ = std::move(wanted);
}

Result<void> AcceptMode::run(const std::string& commands) {
  nft_ctx* nft = nft_ != nullptr ? nft_ : ::nft_ctx_new(NFT_CTX_DEFAULT);
  if (nft == nullptr) return fail_errno("cannot be reached");
  ::nft_ctx_buffer_output(nft);
  ::nft_ctx_buffer_error(nft);
  const bool done = ::nft_run_cmd_from_buffer(nft, commands.c_str()) == 0;
  if (done) {
    nft_ = nft;
    return {};
  }
  const std::string_view said = ::nft_ctx_get_error_buffer(nft);
  const std::string line(said.substr(0, said.find('\n')));
  if (nft_ == nullptr) ::nft_ctx_free(nft);
  return fail(line);
}

}  // namespace ballast::vrrp
