#include "bpf/counters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ballast::director {
namespace {

TEST(Counters, ThatSayWhyPacketsGoNoFurtherAreDrops) {
  std::vector<std::string> told;
#define BALLAST_TOLD(name, help)                                        \
  if (std::string(help).find("dropped because") != std::string::npos || \
      std::string(help).find("refused because") != std::string::npos)   \
    told.emplace_back(#name);
  BALLAST_COUNTERS(BALLAST_TOLD)
#undef BALLAST_TOLD
  std::vector<std::string> drops;
#define BALLAST_DROP(name) drops.emplace_back(#name);
  BALLAST_DROPS(BALLAST_DROP)
#undef BALLAST_DROP
  EXPECT_THAT(drops, testing::IsSupersetOf(told));
}

}  // namespace
}  // namespace ballast::director
