// links: ballast_control
// Any lines as requests to a control plane: each is answered in one line of JSON, which is sound when it is printed,
// and what a listing gives can be read.
#include <boost/json/parse.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/log.h"
#include "control/json.h"
#include "control/json_text.h"
#include "control/operations.h"
#include "tests/unit/control/fake_director.h"

namespace {

using namespace ballast;

void require(bool condition) {
  if (!condition) std::abort();
}

/// Where the planes keep their state while this process lives.
struct Directory {
  Directory() {
    log::set_level(log::Level::error);
    require(::mkdtemp(path.data()) != nullptr);
  }
  ~Directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::string path = "/tmp/ballast-fuzz-XXXXXX";
};

const std::string& directory() {
  static const Directory made;
  return made.path;
}

void check_answer(const std::string& answer) {
  require(answer.find('\n') == std::string::npos);
  const auto value = control::parse_json(answer);
  require(value && value->is_object());
  require(value->get_object().contains("result") != value->get_object().contains("error"));
  boost::system::error_code wrong;
  boost::json::parse(control::json_text(*value), wrong);
  require(!wrong);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  control::FakePath path;
  path.connections.resize(3);
  auto plane = control::ControlPlane::start(
      {.instance = "fuzz",
       .configuration = "",
       .state_file = directory() + "/state.json",
       .read_configuration = {},
       .open_director = [&](const cluster::DirectorSettings&) -> Result<std::unique_ptr<director::Director>> {
         return std::make_unique<control::FakeDirector>(path);
       }},
      {});
  require(plane.has_value());
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (!rest.empty() && !(*plane)->stopped()) {
    const std::size_t end = rest.find('\n');
    check_answer(control::answer(**plane, rest.substr(0, end)));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  const auto listed = control::parse_json(control::answer(**plane, R"({"op": "services"})"));
  require(listed && control::from_json<std::vector<control::ServiceView>>(listed->at("result")).has_value());
  std::filesystem::remove(directory() + "/state.json");
  return 0;
}
