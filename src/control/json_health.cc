#include "control/json_health.h"

namespace ballast::control::json {

const std::vector<std::pair<cluster::CheckType, std::string_view>> Words<cluster::CheckType>::names = [] {
  std::vector<std::pair<cluster::CheckType, std::string_view>> words;
  for (std::size_t i = 0; i < cluster::check_types; ++i) {
    const auto type = static_cast<cluster::CheckType>(i);
    words.emplace_back(type, to_string(type));
  }
  return words;
}();

}  // namespace ballast::control::json
