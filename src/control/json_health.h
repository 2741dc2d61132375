// How servers are watched, in JSON.
#pragma once

#include "cluster/health_check.h"
#include "control/json_fields.h"

namespace ballast::control::json {

/// By the words of to_string().
template <>
struct Words<cluster::CheckType> {
  static const std::vector<std::pair<cluster::CheckType, std::string_view>> names;
};
template <>
struct Words<cluster::HttpVersion> {
  static constexpr std::array<std::pair<cluster::HttpVersion, std::string_view>, 3> names = {
      {{cluster::HttpVersion::http_1_0, "1.0"},
       {cluster::HttpVersion::http_1_1, "1.1"},
       {cluster::HttpVersion::http_2, "2"}}};
};
template <>
struct Words<cluster::DatabaseRole::Required> {
  static constexpr std::array<std::pair<cluster::DatabaseRole::Required, std::string_view>, 3> names = {
      {{cluster::DatabaseRole::Required::any, "any"},
       {cluster::DatabaseRole::Required::writable, "writable"},
       {cluster::DatabaseRole::Required::read_only, "read_only"}}};
};
template <>
struct Words<cluster::CommandArguments> {
  static constexpr std::array<std::pair<cluster::CommandArguments, std::string_view>, 2> names = {
      {{cluster::CommandArguments::as_written, "as_written"}, {cluster::CommandArguments::addresses, "addresses"}}};
};
template <>
struct Words<cluster::OnFailure> {
  static constexpr std::array<std::pair<cluster::OnFailure, std::string_view>, 2> names = {
      {{cluster::OnFailure::remove, "remove"}, {cluster::OnFailure::quiescent, "quiescent"}}};
};

template <typename Fields, Is<cluster::HttpRequest> V>
void describe(Fields& fields, V& request) {
  fields.optional_member("path", request.path);
  fields.optional_member("method", request.method);
  fields.rare_member("host", request.host);
  fields.rare_member("status", request.status);
  fields.rare_member("expect", request.expect);
  fields.optional_member("expect_match", request.expect_match);
  fields.rare_member("expect_digest", request.expect_digest);
  fields.rare_member("regex_options", request.regex_options);
  fields.rare_member("expect_from", request.expect_from);
  fields.rare_member("expect_to", request.expect_to);
}

template <typename Fields, Is<cluster::CheckTls> V>
void describe(Fields& fields, V& tls) {
  fields.optional_member("verify", tls.verify);
  fields.rare_member("server_name", tls.server_name);
  fields.optional_member("send_server_name", tls.send_server_name);
  fields.rare_member("authority", tls.authority);
  fields.rare_member("certificate", tls.certificate);
  fields.rare_member("key", tls.key);
  fields.rare_member("key_password", tls.key_password);
  fields.rare_member("start_tls", tls.start_tls);
}

template <typename Fields, Is<cluster::DatabaseRole> V>
void describe(Fields& fields, V& role) {
  fields.optional_member("role", role.role);
  fields.rare_member("lag", role.lag);
  fields.rare_member("wsrep_synced", role.wsrep_synced);
  fields.rare_member("wsrep_donor_allowed", role.wsrep_donor_allowed);
}

template <typename Fields, Is<cluster::HealthCheck> V>
void describe(Fields& fields, V& check) {
  fields.member("type", check.type);
  fields.rare_member("address", check.address);
  fields.rare_member("port", check.port);
  fields.rare_member("bind_to", check.bind_to);
  fields.rare_member("bind_interface", check.bind_interface);
  fields.rare_member("mark", check.mark);
  fields.rare_member("through_service", check.through_service);
  fields.optional_member("interval_milliseconds", check.interval);
  fields.rare_member("changing_interval_milliseconds", check.changing_interval);
  fields.optional_member("timeout_milliseconds", check.timeout);
  fields.rare_member("connect_timeout_milliseconds", check.connect_timeout);
  fields.rare_member("warmup_milliseconds", check.warmup);
  fields.optional_member("rise", check.rise);
  fields.optional_member("fall", check.fall);
  fields.rare_member("initially_up", check.initially_up);
  fields.rare_member("weight", check.weight);
  fields.rare_member("weight_from_result", check.weight_from_result);
  fields.rare_member("log_all_failures", check.log_all_failures);
  fields.rare_member("tls", check.tls);
  fields.optional_member("http_version", check.http_version);
  fields.rare_member("requests", check.requests);
  fields.rare_member("fast_recovery", check.fast_recovery);
  fields.rare_member("send", check.send);
  fields.rare_member("expect", check.expect);
  fields.rare_member("reply", check.reply);
  fields.rare_member("reply_least", check.reply_least);
  fields.optional_member("reply_most", check.reply_most);
  fields.rare_member("request", check.request);
  fields.optional_member("record", check.record);
  fields.rare_member("over_tcp", check.over_tcp);
  fields.rare_member("user", check.user);
  fields.rare_member("password", check.password);
  fields.rare_member("database", check.database);
  fields.rare_member("secret", check.secret);
  fields.rare_member("helo", check.helo);
  fields.rare_member("database_role", check.database_role);
  fields.rare_member("command", check.command);
  fields.optional_member("arguments", check.arguments);
  fields.rare_member("command_user", check.command_user);
}

template <typename Fields, Is<cluster::ServerHealth> V>
void describe(Fields& fields, V& health) {
  fields.rare_member("checks", health.checks);
  fields.optional_member("on_failure", health.on_failure);
  fields.rare_member("disabled", health.disabled);
  fields.rare_member("up_command", health.up_command);
  fields.rare_member("down_command", health.down_command);
  fields.rare_member("command_user", health.command_user);
}

template <typename Fields, Is<cluster::MailAlert> V>
void describe(Fields& fields, V& alert) {
  fields.member("to", alert.to);
  fields.rare_member("from", alert.from);
  fields.rare_member("server", alert.server);
  fields.rare_member("helo", alert.helo);
  fields.optional_member("repeat", alert.repeat);
}

template <typename Fields, Is<cluster::Quorum> V>
void describe(Fields& fields, V& quorum) {
  fields.optional_member("least", quorum.least);
  fields.rare_member("hysteresis", quorum.hysteresis);
  fields.rare_member("up_command", quorum.up_command);
  fields.rare_member("down_command", quorum.down_command);
  fields.rare_member("command_user", quorum.command_user);
}

}  // namespace ballast::control::json
