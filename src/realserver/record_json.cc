#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <optional>

#include "realserver/record.h"

namespace ballast::realserver {
namespace {

namespace json = boost::json;

constexpr int format_version = 1;

void put_interface(json::object& object, const InterfaceName& interface) {
  object["interface"] = interface.name;
  object["index"] = interface.index;
}

struct ToJson {
  json::object operator()(const SetLink& step) const {
    json::object object{{"kind", "link"}, {"up", step.up}};
    put_interface(object, step.interface);
    return object;
  }
  json::object operator()(const SetSysctl& step) const {
    return {{"kind", "sysctl"}, {"name", step.name}, {"from", step.from}, {"to", step.to}};
  }
  json::object operator()(const ChangeAddress& step) const {
    json::object object{{"kind", "address"}, {"address", step.address.to_string()}, {"add", step.add}};
    put_interface(object, step.interface);
    return object;
  }
  json::object operator()(const ChangeHook& step) const {
    json::object object{{"kind", "clsact"}, {"add", step.add}};
    put_interface(object, step.interface);
    return object;
  }
  json::object operator()(const ChangeProgram& step) const {
    json::object object{{"kind", "program"},
                        {"direction", step.direction == Direction::ingress ? "ingress" : "egress"}};
    put_interface(object, step.interface);
    return object;
  }
  json::object operator()(const Configure&) const { return {}; }
};

std::optional<std::string> text_member(const json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->as_string());
}

bool bool_member(const json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_bool() && value->as_bool();
}

std::optional<InterfaceName> interface_member(const json::object& object) {
  const auto name = text_member(object, "interface");
  const auto* index = object.if_contains("index");
  if (!name || index == nullptr || !index->is_int64() || index->as_int64() < 0) return std::nullopt;
  return InterfaceName{static_cast<std::uint32_t>(index->as_int64()), *name};
}

std::optional<Step> sysctl_step(const json::object& object) {
  const auto name = text_member(object, "name");
  const auto from = text_member(object, "from");
  const auto to = text_member(object, "to");
  if (!name || !from || !to) return std::nullopt;
  return SetSysctl{*name, *from, *to};
}

std::optional<Step> address_step(const json::object& object, const InterfaceName& interface) {
  const auto text = text_member(object, "address");
  const auto prefix = text ? net::Prefix::parse(*text) : std::nullopt;
  if (!prefix) return std::nullopt;
  return ChangeAddress{interface, *prefix, bool_member(object, "add")};
}

std::optional<Step> program_step(const json::object& object, const InterfaceName& interface) {
  const auto direction = text_member(object, "direction");
  if (!direction) return std::nullopt;
  return ChangeProgram{interface, *direction == "egress" ? Direction::egress : Direction::ingress,
                       ProgramChange::attach};
}

std::optional<Step> step_of(const json::value& value) {
  if (!value.is_object()) return std::nullopt;
  const auto& object = value.as_object();
  const auto kind = text_member(object, "kind");
  if (!kind) return std::nullopt;
  if (*kind == "sysctl") return sysctl_step(object);
  const auto interface = interface_member(object);
  if (!interface) return std::nullopt;
  if (*kind == "link") return SetLink{*interface, bool_member(object, "up")};
  if (*kind == "clsact") return ChangeHook{*interface, bool_member(object, "add")};
  if (*kind == "address") return address_step(object, *interface);
  if (*kind == "program") return program_step(object, *interface);
  return std::nullopt;
}

std::unexpected<Error> unreadable() {
  return fail("it is not a record of this version of the program: undo by hand what it lists, then delete it", EINVAL);
}

}  // namespace

std::string write_record(const Record& record, std::string_view identity) {
  json::array done;
  for (const Step& step : record.done) {
    auto object = std::visit(ToJson{}, step);
    if (!object.empty()) done.push_back(std::move(object));
  }
  const json::object root{{"version", format_version},
                          {"network_namespace", identity},
                          {"program_version", record.program_version},
                          {"done", std::move(done)}};
  return json::serialize(root) + "\n";
}

Result<Record> read_record(std::string_view text, std::string_view identity) {
  boost::system::error_code error;
  const json::value root = json::parse(text, error);
  if (error || !root.is_object()) return unreadable();
  const auto& object = root.as_object();
  const auto* version = object.if_contains("version");
  if (version == nullptr || !version->is_int64() || version->as_int64() != format_version) return unreadable();
  const auto owner = text_member(object, "network_namespace");
  if (!owner) return unreadable();
  if (*owner != identity) return Record{};

  Record record;
  record.program_version = text_member(object, "program_version").value_or("");
  const auto* done = object.if_contains("done");
  if (done == nullptr || !done->is_array()) return unreadable();
  for (const auto& value : done->as_array()) {
    auto step = step_of(value);
    if (!step) return unreadable();
    record.done.push_back(std::move(*step));
  }
  return record;
}

}  // namespace ballast::realserver
