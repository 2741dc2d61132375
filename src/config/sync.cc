#include "config/sync.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/edit_distance.h"
#include "config/scalars.h"
#include "config/yaml.h"

namespace ballast::config {
namespace {

using cluster::KernelSync;

constexpr std::array sync_keys = {Key{"listen"},   Key{"peers"},  Key{"key"},
                                  Key{"key_file"}, Key{"kernel"}, Key{"prompt"}};
constexpr std::array kernel_keys = {Key{"role"},  Key{"interface"}, Key{"instance"}, Key{"id"},
                                    Key{"group"}, Key{"port"},      Key{"ttl"},      Key{"message_bytes"}};
constexpr std::size_t shortest_key = 16;

enum class Role : std::uint8_t { master, backup, both };
constexpr std::array<Choice<Role>, 3> role_words = {
    {{"master", Role::master}, {"backup", Role::backup}, {"both", Role::both}}};

std::optional<net::Endpoint> read_endpoint(const Value& value) {
  const auto text = value.text();
  if (!text) return {};
  const auto endpoint = net::Endpoint::parse(*text);
  if (endpoint && endpoint->port != 0) return endpoint;
  value.problem(fmt::format("{} is no address with a port; write \"IP:PORT\"", quoted(*text)));
  return {};
}

/// The secret that directors share, from the file itself or another one.
std::string read_key(const Fields& fields) {
  const auto own = fields.get("key");
  const auto file = fields.get("key_file");
  const Value& where = own ? *own : file ? *file : fields.map();
  if (own && file) file->problem("stands beside key; there is one of the two");
  std::string key;
  if (own) {
    key = own->text().value_or("");
  } else if (const auto path = file ? file->text() : std::nullopt) {
    auto text = read_text(*path);
    if (!text) {
      file->problem(text.error().message);
      return {};
    }
    key = text->substr(0, text->find_last_not_of(" \t\r\n") + 1);
  }
  if (key.size() < shortest_key) {
    where.problem(
        fmt::format("has {}; write key: or key_file: with a secret of at least {} bytes that all directors "
                    "share",
                    key.empty() ? "no key" : "a key that is too short", shortest_key));
  }
  return key;
}

void read_number(const Fields& fields, std::string_view key, std::uint64_t least, std::uint64_t most, auto& number) {
  const auto value = fields.get(key);
  const auto read = value ? value->number(least, most) : std::nullopt;
  if (read) number = static_cast<std::remove_reference_t<decltype(number)>>(*read);
}

void read_group(const Fields& fields, KernelSync& daemon) {
  const auto value = fields.get("group");
  const auto text = value ? value->text() : std::nullopt;
  if (!text) return;
  daemon.group = net::Address::parse(*text);
  if (!daemon.group || !daemon.group->is_multicast()) {
    value->problem(fmt::format("{} is no multicast address", quoted(*text)));
  }
}

std::optional<KernelSync> read_kernel(const Value& value) {
  const auto fields = value.fields(kernel_keys);
  if (!fields) return {};
  KernelSync daemon;
  const auto role_value = fields->get("role");
  const auto instance = fields->get("instance");
  if (!role_value && !instance) value.problem("has no role; write role: master, backup or both, or instance: NAME");
  if (role_value && instance) instance->problem("stands beside role; there is one of the two");
  const auto role = role_value ? choose(*role_value, role_words) : std::nullopt;
  daemon.instance = instance ? instance->text().value_or("") : "";
  daemon.master = instance || (role && *role != Role::backup);
  daemon.backup = instance || (role && *role != Role::master);
  const auto interface = fields->get("interface");
  if (!interface) value.problem("has no interface; write interface: NAME");
  daemon.interface = interface ? interface->text().value_or("") : "";
  read_number(*fields, "id", 0, 255, daemon.id);
  read_number(*fields, "port", 1, 65535, daemon.port);
  read_number(*fields, "ttl", 1, 255, daemon.ttl);
  read_number(*fields, "message_bytes", 1, 65507, daemon.message_bytes);
  read_group(*fields, daemon);
  if ((!role && !instance) || daemon.interface.empty()) return {};
  return daemon;
}

void read_kernels(const Value& section, std::vector<KernelSync>& daemons) {
  const auto items = section.is_list() ? section.items() : std::vector{section};
  bool master = false, backup = false;
  for (const Value& item : *items) {
    const auto daemon = read_kernel(item);
    if (!daemon) continue;
    if ((master && daemon->master) || (backup && daemon->backup)) item.problem("has a role that another one has");
    master = master || daemon->master;
    backup = backup || daemon->backup;
    daemons.push_back(*daemon);
  }
}

std::string text_of(const KernelSync& daemon) {
  const Role role = daemon.master && daemon.backup ? Role::both : daemon.master ? Role::master : Role::backup;
  const KernelSync usual;
  const std::string who = daemon.instance.empty() ? fmt::format("role: {}", word_of(role, role_words))
                                                  : fmt::format("instance: {}", in_quotes(daemon.instance));
  std::string text = fmt::format("    - {{{}, interface: {}, id: {}", who, in_quotes(daemon.interface), daemon.id);
  if (daemon.port != usual.port) text += fmt::format(", port: {}", daemon.port);
  if (daemon.group) text += fmt::format(", group: {}", in_quotes(daemon.group->to_string()));
  if (daemon.ttl != usual.ttl) text += fmt::format(", ttl: {}", daemon.ttl);
  if (daemon.message_bytes != 0) text += fmt::format(", message_bytes: {}", daemon.message_bytes);
  return text + "}\n";
}

}  // namespace

cluster::SyncSettings read_sync(const Value& section) {
  cluster::SyncSettings settings;
  const auto fields = section.fields(sync_keys);
  if (!fields) return settings;
  if (const auto kernel = fields->get("kernel")) read_kernels(*kernel, settings.kernel);
  if (const auto prompt = fields->get("prompt")) settings.prompt = prompt->boolean().value_or(true);
  const auto listen = fields->get("listen");
  const auto peers = fields->get("peers");
  if (!listen && !peers) {
    for (const char* alone : {"key", "key_file"}) {
      if (const auto value = fields->get(alone)) value->problem("goes with listen or peers");
    }
    return settings;
  }
  cluster::PeerSync own;
  if (listen) own.listen = read_endpoint(*listen);
  if (peers) {
    for (const Value& peer : peers->items().value_or(std::vector<Value>{})) {
      if (const auto endpoint = read_endpoint(peer)) own.peers.push_back(*endpoint);
    }
  }
  own.key = read_key(*fields);
  settings.peers = std::move(own);
  return settings;
}

void check_followed_instances(const Value& section, const cluster::Cluster& cluster) {
  std::vector<std::string_view> names;
  for (const auto& instance : cluster.vrrp.instances) names.emplace_back(instance.name);
  for (const auto& daemon : cluster.sync.kernel) {
    if (daemon.instance.empty() || std::ranges::find(names, daemon.instance) != names.end()) continue;
    const auto meant = nearest(daemon.instance, names);
    section.problem(fmt::format("kernel follows the VRRP instance {}, which is not there{}", quoted(daemon.instance),
                                meant.empty() ? "" : fmt::format("; did you mean {}?", meant)));
  }
}

std::string sync_text(const cluster::SyncSettings& settings) {
  std::string text;
  if (settings.peers) {
    if (settings.peers->listen) text += fmt::format("  listen: {}\n", in_quotes(settings.peers->listen->to_string()));
    if (!settings.peers->peers.empty() || !settings.peers->listen) {
      text += "  peers: [";
      for (const auto& peer : settings.peers->peers) {
        text += fmt::format("{}{}", text.ends_with('[') ? "" : ", ", in_quotes(peer.to_string()));
      }
      text += "]\n";
    }
    text += fmt::format("  key: {}\n", in_quotes(settings.peers->key));
  }
  std::string kernel;
  for (const auto& daemon : settings.kernel) {
    if (!daemon.by_command) kernel += text_of(daemon);
  }
  if (!kernel.empty()) text += "  kernel:\n" + kernel;
  if (!settings.prompt) text += "  prompt: false\n";
  return text.empty() ? text : "sync:\n" + text;
}

}  // namespace ballast::config
