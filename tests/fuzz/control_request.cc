// links: ballast_control
// Any lines as requests to a control plane: each is answered in one line of JSON, and what a listing gives can be read.
#include <boost/json/parse.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/log.h"
#include "control/json.h"
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
  boost::system::error_code wrong;
  const auto value = boost::json::parse(answer, wrong);
  require(!wrong && value.is_object());
  require(value.get_object().contains("result") != value.get_object().contains("error"));
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
  const auto listed = boost::json::parse(control::answer(**plane, R"({"op": "services"})"));
  require(control::from_json<std::vector<control::ServiceView>>(listed.at("result")).has_value());
  std::filesystem::remove(directory() + "/state.json");
  return 0;
}
