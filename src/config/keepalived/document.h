// What a keepalived.conf says while it is read: settings for everything, and what things refer to by name.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cluster/model.h"
#include "config/keepalived/values.h"
#include "config/reading.h"
#include "config/service_set.h"

namespace ballast::config::keepalived {

/// global_defs. They count for the whole file, wherever they stand.
struct Globals {
  cluster::MailAlert mail;
  std::optional<bool> mail_all;   ///< smtp_alert
  std::optional<bool> mail_vrrp;  ///< smtp_alert_vrrp
  std::optional<bool> mail_checkers;
  bool log_all_failures = false;
  std::string default_interface = "eth0";
  std::string script_user;

  std::uint8_t version = 2;
  std::uint32_t down_timer_adverts = 3;
  std::optional<net::Address> group4;
  std::optional<net::Address> group6;
  cluster::AnnouncePolicy announce;
  std::optional<std::uint32_t> lower_priority_repeat;  ///< absent: announce.repeat
  std::optional<std::chrono::milliseconds> lower_priority_delay;
  bool lower_priority_no_advertisement = false;
  bool higher_priority_send_advertisement = true;
  bool check_source = false;
  bool strict = false;
  bool priority_changes = false;
  bool checksum_as_v2 = false;
  std::chrono::milliseconds startup_delay{0};
  std::string fifo;
  std::string fifo_command;

  cluster::Timeouts timeouts;
  std::optional<cluster::KernelSync> sync;
  Place sync_at;
};

/// A virtual_server_group: addresses and ports without a protocol, or marks.
struct ServerGroup {
  std::vector<net::Endpoint> endpoints;
  std::vector<cluster::MarkKey> marks;
  Place at;
};

struct Document {
  explicit Document(Report& report) : services(report) {}

  Globals globals;
  cluster::CheckTls tls;  ///< the block SSL
  cluster::VrrpSettings vrrp;
  std::map<std::string, Place> names;  ///< "KIND NAME" of what is defined, with where
  std::map<std::string, ServerGroup> groups;
  ServiceSet services;
};

/// Notes a name of its kind; a second one of the same is reported and gives false.
bool define(Document& document, std::string_view kind, const std::string& name, const Place& at, Context& context);
/// The name that a block of VRRP gives to what it defines, noted; reports one that YAML could not say.
std::optional<std::string> defined_name(Document& document, std::string_view kind, const Node& block, Context& context);

void read_globals(Globals& globals, const Node& block, Context& context);
/// Reads a setting that stands outside of blocks. False where it is none.
bool read_root_setting(const Node& node, Context& context);

void read_script(Document& document, const Node& block, Context& context);
void read_track_file(Document& document, const Node& block, Context& context);
void read_track_process(Document& document, const Node& block, Context& context);
void read_instance(Document& document, const Node& block, Context& context);
void read_sync_group(Document& document, const Node& block, Context& context);
void read_static_addresses(Document& document, const Node& block, Context& context);
void read_static_routes(Document& document, const Node& block, Context& context);
void read_static_rules(Document& document, const Node& block, Context& context);
/// Leaves tracks of what is not there out, with a warning, as keepalived does; members of sync groups must be there.
void check_references(Document& document, Context& context);

void read_tls(Document& document, const Node& block, Context& context);
void read_server_group(Document& document, const Node& block, Context& context);
void read_virtual_server(Document& document, const Node& block, Context& context);

}  // namespace ballast::config::keepalived
