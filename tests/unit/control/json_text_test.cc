#include "control/json_text.h"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace ballast::control {
namespace {

TEST(JsonText, PassesAnyBytesBetweenDaemonAndCommand) {
  const boost::json::value value{{"path", "/caf\xe9"}};
  EXPECT_EQ(parse_json(boost::json::serialize(value)).value(), value);
}

TEST(JsonText, SaysThatSomethingIsNoJson) { EXPECT_EQ(parse_json("{").error().code, EINVAL); }

TEST(JsonText, PrintsBytesThatAreNoCharactersAsReplacements) {
  EXPECT_EQ(json_text("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"), "\"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"");
  EXPECT_EQ(json_text("caf\xe9"), R"("caf\ufffd")");
  EXPECT_EQ(json_text("a\xe2\x82z"), R"("a\ufffd\ufffdz")") << "cut short";
  EXPECT_EQ(json_text("\xc0\xaf\xed\xa0\x80"), R"("\ufffd\ufffd\ufffd\ufffd\ufffd")") << "overlong, surrogate";
}

}  // namespace
}  // namespace ballast::control
