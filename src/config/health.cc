#include "config/health.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <limits>

#include "config/scalars.h"
#include "process/words.h"

namespace ballast::config {
namespace {

using cluster::MailAlert;
using cluster::OnFailure;
using cluster::Quorum;
using cluster::ServerHealth;

constexpr std::array<Choice<OnFailure>, 2> on_failure_words = {
    {{"remove", OnFailure::remove}, {"quiescent", OnFailure::quiescent}}};
constexpr std::array quorum_keys = {Key{"least"}, Key{"hysteresis"}, Key{"up_command"}, Key{"down_command"},
                                    Key{"run_as"}};
constexpr std::array alert_keys = {Key{"to"}, Key{"from"}, Key{"server"}, Key{"helo"}, Key{"repeat"}};

/// A command line that can be split into words.
std::optional<std::string> read_command(const Fields& fields, std::string_view key) {
  const auto value = fields.get(key);
  auto command = value ? value->text() : std::nullopt;
  if (!command) return {};
  if (const auto words = process::split_words(*command); !words) value->problem(words.error().message);
  return command;
}

std::optional<std::string> read_user(const Fields& fields) {
  const auto value = fields.get("run_as");
  return value ? value->text() : std::nullopt;
}

std::uint32_t read_count(const Fields& fields, std::string_view key, std::uint32_t otherwise) {
  const auto value = fields.get(key);
  const auto number = value ? value->number(0, std::numeric_limits<std::int32_t>::max()) : std::nullopt;
  return number ? static_cast<std::uint32_t>(*number) : otherwise;
}

Quorum read_quorum(const Value& value) {
  Quorum quorum;
  if (!value.is_map()) {
    const auto least = value.number(1, std::numeric_limits<std::int32_t>::max());
    quorum.least = static_cast<std::uint32_t>(least.value_or(quorum.least));
    return quorum;
  }
  const auto fields = value.fields(quorum_keys);
  if (!fields) return quorum;
  quorum.least = read_count(*fields, "least", quorum.least);
  quorum.hysteresis = read_count(*fields, "hysteresis", quorum.hysteresis);
  quorum.up_command = read_command(*fields, "up_command").value_or("");
  quorum.down_command = read_command(*fields, "down_command").value_or("");
  quorum.command_user = read_user(*fields).value_or("");
  if (quorum.least == 0) fields->get("least")->problem("0 is always met; at least 1");
  if (quorum.hysteresis >= quorum.least && quorum.hysteresis != 0) {
    fields->get("hysteresis")->problem(fmt::format("must be below least ({})", quorum.least));
  }
  return quorum;
}

/// One text, or a list of them.
std::vector<std::string> read_texts(const Value& value) {
  std::vector<std::string> texts;
  const auto items = value.is_list() ? value.items() : std::vector{value};
  for (const Value& item : items.value_or(std::vector<Value>{})) texts.push_back(item.text().value_or(""));
  return texts;
}

MailAlert read_alert(const Value& value) {
  MailAlert alert;
  if (!value.is_map()) {
    alert.to = {value.text().value_or("")};
    return alert;
  }
  const auto fields = value.fields(alert_keys);
  if (!fields) return alert;
  if (const auto to = fields->get("to")) alert.to = read_texts(*to);
  if (alert.to.empty()) value.problem("has no to; write to: ops@example.com");
  const auto take = [&](std::string_view key, std::string& text) {
    if (const auto member = fields->get(key)) text = member->text().value_or("");
  };
  take("from", alert.from);
  take("server", alert.server);
  take("helo", alert.helo);
  if (const auto repeat = fields->get("repeat")) alert.repeat = repeat->duration().value_or(alert.repeat);
  return alert;
}

std::string texts_text(const std::vector<std::string>& texts) {
  std::vector<std::string> quoted;
  for (const auto& text : texts) quoted.push_back(in_quotes(text));
  return quoted.size() == 1 ? quoted.front() : fmt::format("[{}]", fmt::join(quoted, ", "));
}

std::string alert_text(const MailAlert& alert) {
  std::string text = fmt::format("{{to: {}", texts_text(alert.to));
  const auto add = [&text](std::string_view key, const std::string& value) {
    if (!value.empty()) text += fmt::format(", {}: {}", key, in_quotes(value));
  };
  add("from", alert.from);
  add("server", alert.server);
  add("helo", alert.helo);
  if (alert.repeat.count() != 0) text += fmt::format(", repeat: {}", format_duration(alert.repeat));
  return text + "}";
}

std::string quorum_text(const Quorum& quorum) {
  std::string text = fmt::format("{{least: {}", quorum.least);
  if (quorum.hysteresis != 0) text += fmt::format(", hysteresis: {}", quorum.hysteresis);
  if (!quorum.up_command.empty()) text += fmt::format(", up_command: {}", in_quotes(quorum.up_command));
  if (!quorum.down_command.empty()) text += fmt::format(", down_command: {}", in_quotes(quorum.down_command));
  if (!quorum.command_user.empty()) text += fmt::format(", run_as: {}", in_quotes(quorum.command_user));
  return text + "}";
}

/// "key: value" of what is not as in `common`.
std::vector<std::string> settings_of(const ServerHealth& health, const ServerHealth& common) {
  std::vector<std::string> settings;
  if (health.checks != common.checks) settings.push_back(fmt::format("check: {}", checks_text(health.checks)));
  if (health.on_failure != common.on_failure) {
    settings.push_back(fmt::format("on_failure: {}", word_of(health.on_failure, on_failure_words)));
  }
  if (health.up_command != common.up_command) {
    settings.push_back(fmt::format("up_command: {}", in_quotes(health.up_command)));
  }
  if (health.down_command != common.down_command) {
    settings.push_back(fmt::format("down_command: {}", in_quotes(health.down_command)));
  }
  if (health.command_user != common.command_user) {
    settings.push_back(fmt::format("run_as: {}", in_quotes(health.command_user)));
  }
  return settings;
}

template <typename T>
const std::optional<T>& first_of(const std::optional<T>& inner, const std::optional<T>& outer) {
  return inner ? inner : outer;
}

}  // namespace

Watching Watching::within(const Watching& outer) const {
  return {.checks = first_of(checks, outer.checks),
          .on_failure = first_of(on_failure, outer.on_failure),
          .up_command = first_of(up_command, outer.up_command),
          .down_command = first_of(down_command, outer.down_command),
          .command_user = first_of(command_user, outer.command_user),
          .disabled = disabled};
}

ServerHealth Watching::health() const {
  return {.checks = checks.value_or(std::vector<cluster::HealthCheck>{}),
          .on_failure = on_failure.value_or(OnFailure::remove),
          .disabled = disabled,
          .up_command = up_command.value_or(""),
          .down_command = down_command.value_or(""),
          .command_user = command_user.value_or("")};
}

Watching read_watching(const Fields& fields) {
  Watching watching;
  if (const auto value = fields.get("check")) watching.checks = read_checks(*value);
  if (const auto value = fields.get("on_failure")) watching.on_failure = choose(*value, on_failure_words);
  watching.up_command = read_command(fields, "up_command");
  watching.down_command = read_command(fields, "down_command");
  watching.command_user = read_user(fields);
  if (const auto value = fields.get("disabled")) watching.disabled = value->boolean().value_or(false);
  return watching;
}

std::string watching_text(const ServerHealth& health, const ServerHealth& common) {
  std::string text;
  for (const auto& setting : settings_of(health, common)) text += ", " + setting;
  if (health.disabled) text += ", disabled: true";
  return text;
}

std::vector<std::string> watching_lines(const ServerHealth& health) { return settings_of(health, {}); }

ServiceCare ServiceCare::within(const ServiceCare& outer) const {
  return {.fallback_command = first_of(fallback_command, outer.fallback_command),
          .quorum = first_of(quorum, outer.quorum),
          .alerts = first_of(alerts, outer.alerts),
          .maintenance_directory = first_of(maintenance_directory, outer.maintenance_directory)};
}

void ServiceCare::give_to(cluster::VirtualService& service) const {
  service.fallback_command = fallback_command.value_or("");
  service.quorum = quorum.value_or(Quorum{});
  service.alerts = alerts.value_or(std::vector<MailAlert>{});
  service.maintenance_directory = maintenance_directory.value_or("");
}

ServiceCare read_care(const Fields& fields) {
  ServiceCare care;
  care.fallback_command = read_command(fields, "fallback_command");
  if (const auto value = fields.get("quorum")) care.quorum = read_quorum(*value);
  if (const auto value = fields.get("alerts")) care.alerts = read_alerts(*value);
  if (const auto value = fields.get("maintenance_directory")) {
    care.maintenance_directory = value->text();
    if (care.maintenance_directory && !care.maintenance_directory->starts_with('/')) {
      value->problem("must be a whole path, from / on");
    }
  }
  return care;
}

std::vector<MailAlert> read_alerts(const Value& value) {
  std::vector<MailAlert> alerts;
  const auto items = value.is_list() ? value.items() : std::vector{value};
  for (const Value& item : items.value_or(std::vector<Value>{})) alerts.push_back(read_alert(item));
  return alerts;
}

std::string alerts_text(const std::vector<MailAlert>& alerts) {
  std::vector<std::string> texts;
  for (const auto& alert : alerts) texts.push_back(alert_text(alert));
  return fmt::format("[{}]", fmt::join(texts, ", "));
}

std::vector<std::string> care_lines(const cluster::VirtualService& service) {
  std::vector<std::string> lines;
  if (!service.fallback_command.empty()) {
    lines.push_back(fmt::format("fallback_command: {}", in_quotes(service.fallback_command)));
  }
  if (service.quorum != Quorum{}) lines.push_back(fmt::format("quorum: {}", quorum_text(service.quorum)));
  if (!service.alerts.empty()) lines.push_back(fmt::format("alerts: {}", alerts_text(service.alerts)));
  if (!service.maintenance_directory.empty()) {
    lines.push_back(fmt::format("maintenance_directory: {}", in_quotes(service.maintenance_directory)));
  }
  return lines;
}

}  // namespace ballast::config
