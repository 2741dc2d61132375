#include "config/behaviour.h"

#include <fmt/format.h>

#include <array>
#include <variant>

namespace ballast::config {
namespace {

using cluster::Behaviour;
using cluster::ConnectionReuse;
using cluster::Defence;

constexpr std::array<Choice<Defence>, 3> defence_words = {
    {{"never", Defence::never}, {"auto", Defence::when_filled}, {"always", Defence::always}}};
constexpr std::array<Choice<ConnectionReuse>, 3> reuse_words = {{{"never", ConnectionReuse::never},
                                                                 {"after_close", ConnectionReuse::after_close},
                                                                 {"after_fin", ConnectionReuse::after_fin}}};

/// A number from 1 to `most`.
struct Number {
  std::uint32_t Behaviour::* member;
  std::uint32_t most;
};
using Member = std::variant<bool Behaviour::*, Defence Behaviour::*, ConnectionReuse Behaviour::*, Number>;

struct Setting {
  std::string_view key;
  Member member;
};

constexpr std::uint32_t slowest_drop_rate = 1'000'000;

constexpr std::array settings = {
    Setting{"expire_connections_of_removed_servers", &Behaviour::expire_connections_of_removed_servers},
    Setting{"expire_persistence_of_quiescent_servers", &Behaviour::expire_persistence_of_quiescent_servers},
    Setting{"connection_reuse", &Behaviour::connection_reuse},
    Setting{"pick_up_tcp", &Behaviour::pick_up_tcp},
    Setting{"pick_up_sctp", &Behaviour::pick_up_sctp},
    Setting{"bypass_without_server", &Behaviour::bypass_without_server},
    Setting{"drop_half_open", &Behaviour::drop_half_open},
    Setting{"drop_packets", &Behaviour::drop_packets},
    Setting{"secure_tcp", &Behaviour::secure_tcp},
    Setting{"drop_rate", Number{&Behaviour::drop_rate, slowest_drop_rate}},
    Setting{"drop_when_filled", Number{&Behaviour::drop_when_filled, 100}},
    Setting{"schedule_icmp", &Behaviour::schedule_icmp},
    Setting{"refuse_unknown_replies", &Behaviour::refuse_unknown_replies},
    Setting{"path_mtu_discovery", &Behaviour::path_mtu_discovery},
};

constexpr auto behaviour_keys = [] {
  std::array<Key, settings.size()> keys{};
  for (std::size_t i = 0; i < keys.size(); ++i) keys[i].name = settings[i].key;
  return keys;
}();

/// Sets one member from its text.
struct Read {
  const Value& value;
  Behaviour& behaviour;

  template <typename T>
  void take(T Behaviour::* member, const std::optional<T>& read) const {
    if (read) behaviour.*member = *read;
  }
  void operator()(bool Behaviour::* member) const { take(member, value.boolean()); }
  void operator()(Defence Behaviour::* member) const { take(member, choose(value, defence_words)); }
  void operator()(ConnectionReuse Behaviour::* member) const { take(member, choose(value, reuse_words)); }
  void operator()(const Number& number) const {
    if (const auto read = value.number(1, number.most)) behaviour.*number.member = static_cast<std::uint32_t>(*read);
  }
};

/// The text of one member.
struct Write {
  const Behaviour& behaviour;

  std::string operator()(bool Behaviour::* member) const { return fmt::format("{}", behaviour.*member); }
  std::string operator()(Defence Behaviour::* member) const {
    return std::string(word_of(behaviour.*member, defence_words));
  }
  std::string operator()(ConnectionReuse Behaviour::* member) const {
    return std::string(word_of(behaviour.*member, reuse_words));
  }
  std::string operator()(const Number& number) const { return fmt::format("{}", behaviour.*number.member); }
};

}  // namespace

Behaviour read_behaviour(const Value& value) {
  Behaviour behaviour;
  const auto fields = value.fields(behaviour_keys);
  if (!fields) return behaviour;
  for (const Setting& setting : settings) {
    if (const auto found = fields->get(setting.key)) std::visit(Read{*found, behaviour}, setting.member);
  }
  return behaviour;
}

std::vector<std::string> behaviour_settings(const Behaviour& behaviour) {
  std::vector<std::string> lines;
  for (const Setting& setting : settings) {
    const std::string text = std::visit(Write{behaviour}, setting.member);
    if (text != std::visit(Write{Behaviour{}}, setting.member))
      lines.push_back(fmt::format("{}: {}", setting.key, text));
  }
  return lines;
}

}  // namespace ballast::config
