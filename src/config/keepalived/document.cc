#include "config/keepalived/document.h"

#include <algorithm>

#include "config/vrrp.h"

namespace ballast::config::keepalived {

bool define(Document& document, std::string_view kind, const std::string& name, const Place& at, Context& context) {
  const auto [other, is_new] = document.names.try_emplace(fmt::format("{} {}", kind, name), at);
  if (!is_new) {
    context.report.error(at, fmt::format("{} {} is there already: {}", kind, quoted(name), to_string(other->second)));
  }
  return is_new;
}

std::optional<std::string> defined_name(Document& document, std::string_view kind, const Node& block,
                                        Context& context) {
  const auto name = text_of(block, context);
  if (!name) return std::nullopt;
  if (!is_title(*name)) {
    context.report.error(block.at, fmt::format("{} {}: a name has {}", kind, quoted(*name), title_rule));
    return std::nullopt;
  }
  if (kind == "instance" && std::ranges::find(vrrp_words, *name) != vrrp_words.end()) {
    context.report.error(
        block.at, fmt::format("instance {}: vrrp: has a section of this name; call it otherwise", quoted(*name)));
    return std::nullopt;
  }
  if (!define(document, kind, *name, block.at, context)) return std::nullopt;
  return name;
}

}  // namespace ballast::config::keepalived
