// Accept_Mode (RFC 9568, 6.1): an active router that does not own its addresses can be told to answer for them without
// taking packets itself. A table of nftables drops these. What services forward never gets that far.
#pragma once

#include <map>
#include <set>
#include <string>

#include "base/error.h"
#include "cluster/vrrp.h"
#include "net/address.h"
#include "vrrp/notifier.h"

struct nft_ctx;

namespace ballast::vrrp {

/// The addresses of an instance that this machine must not take packets for while it is active: all of them where
/// `accept` is false, none of an owner's.
std::set<net::Address> refused_addresses(const cluster::VrrpInstance& instance);

/// What nft is told so that packets for exactly these are dropped. IPv6 neighbour discovery is let through, and what
/// the machine sends to itself. With `make`, the table is made first; it belongs to who makes it, and goes with him.
std::string nft_commands(const std::string& table, const std::set<net::Address>& refused, bool make);

class AcceptMode {
 public:
  AcceptMode() = default;
  AcceptMode(const AcceptMode&) = delete;
  AcceptMode& operator=(const AcceptMode&) = delete;
  ~AcceptMode();

  void configure(const cluster::VrrpSettings& settings);
  void notify(const Event& event);

 private:
  void enforce();
  Result<void> run(const std::string& commands);

  std::map<std::string, std::set<net::Address>> refused_;  ///< by instance
  std::set<std::string> active_;
  std::set<net::Address> in_force_;
  nft_ctx* nft_ = nullptr;  ///< from the first use; its table lives as long as it does
};

}  // namespace ballast::vrrp
