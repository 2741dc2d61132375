#include "cli/ipvsadm/rules_file.h"

#include <gtest/gtest.h>

#include "known_names.h"

namespace ballast::ipvsadm {
namespace {

Result<Rules> read(std::string_view text) { return read_rules(text, "rules", KnownNames()); }

TEST(RulesFile, MakesServicesOfRules) {
  const auto rules = read(
      "# saved\n"
      "-A -t 10.0.0.1:80 -s rr\n"
      "-a -t 10.0.0.1:80 -r 10.1.0.1:8080 -m -w 3\n"
      "\n"
      "ipvsadm -a -t 10.0.0.1:80 -r 10.1.0.2 -m\n"
      "-d -t 10.0.0.1:80 -r 10.1.0.2\n"
      "--set 30 0 60\n"
      "--set 0 5 0");
  ASSERT_TRUE(rules) << rules.error().message;
  ASSERT_EQ(rules->services.size(), 1);
  ASSERT_EQ(rules->services[0].servers.size(), 1);
  EXPECT_EQ(rules->services[0].servers[0].endpoint.to_string(), "10.1.0.1:8080");
  EXPECT_EQ(rules->services[0].servers[0].weight, 3);
  EXPECT_EQ(rules->timeouts,
            (cluster::Timeouts{std::chrono::seconds(30), std::chrono::seconds(5), std::chrono::seconds(60)}));
}

TEST(RulesFile, NamesTheLineThatIsWrong) {
  const auto problem = [](std::string_view text) {
    const auto rules = read(text);
    return rules ? "no error" : rules.error().message;
  };
  EXPECT_EQ(problem("-A -f 7\n-A -f 7\n"), "rules:2: service fwmark 7: exists already; edit it, or delete it first");
  EXPECT_EQ(problem("# one\n\n-a -f 7 -r 10.0.0.1\n"), "rules:3: service fwmark 7: there is none; add it first");
  EXPECT_EQ(problem("-A -t 10.0.0.1:99999\n"), "rules:1: illegal virtual server address[:port] specified");
  EXPECT_EQ(problem("-A -f 7\nnonsense\n"), "rules:2: not a command line of ipvsadm");
  EXPECT_EQ(problem("-Ln\n"), "rules:1: only rules belong here: -A, -E, -D, -a, -e, -d, -C, --set");
}

TEST(RulesFile, IsToldFromYamlByItsFirstLine) {
  EXPECT_TRUE(looks_like_rules("-A -t 10.0.0.1:80\n"));
  EXPECT_TRUE(looks_like_rules("\n# saved\n  --add-service -f 7\n"));
  EXPECT_TRUE(looks_like_rules("ipvsadm -C\n"));
  for (const auto* text : {"", "# empty\n", "services:\n", "---\nservices:\n", "- one\n", "-\n", "{}\n"}) {
    EXPECT_FALSE(looks_like_rules(text)) << text;
  }
}

}  // namespace
}  // namespace ballast::ipvsadm
