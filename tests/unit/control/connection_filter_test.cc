#include <gtest/gtest.h>

#include "control/api.h"

namespace ballast::control {
namespace {

ConnectionView connection() {
  return {.protocol = 6,
          .client = net::Endpoint::parse("10.9.0.1:35000").value(),
          .virtual_address = net::Endpoint::parse("10.0.1.100:80").value(),
          .server = net::Endpoint::parse("10.0.2.11:8080").value(),
          .state = "ESTABLISHED",
          .expires_seconds = 10,
          .forward = cluster::ForwardingMethod::nat};
}

TEST(ConnectionFilter, WithoutConditionsMatchesEverything) { EXPECT_TRUE(ConnectionFilter{}.matches(connection())); }

TEST(ConnectionFilter, MatchesWhereEveryConditionHolds) {
  EXPECT_TRUE((ConnectionFilter{.protocol = 6,
                                .client = net::Prefix::parse("10.9.0.0/16"),
                                .client_port = 35000,
                                .virtual_address = net::Address::parse("10.0.1.100"),
                                .virtual_port = 80,
                                .server = net::Address::parse("10.0.2.11"),
                                .server_port = 8080,
                                .state = "ESTABLISHED"}
                   .matches(connection())));
}

TEST(ConnectionFilter, RefusesWhereOneConditionFails) {
  using Change = void (*)(ConnectionFilter&);
  const Change changes[] = {[](ConnectionFilter& f) { f.protocol = 17; },
                            [](ConnectionFilter& f) { f.client = net::Prefix::parse("10.8.0.0/16"); },
                            [](ConnectionFilter& f) { f.client = net::Prefix::parse("::/0"); },
                            [](ConnectionFilter& f) { f.client_port = 35001; },
                            [](ConnectionFilter& f) { f.virtual_address = net::Address::parse("10.0.1.101"); },
                            [](ConnectionFilter& f) { f.virtual_port = 81; },
                            [](ConnectionFilter& f) { f.server = net::Address::parse("10.0.2.12"); },
                            [](ConnectionFilter& f) { f.server_port = 80; },
                            [](ConnectionFilter& f) { f.state = "FIN_WAIT"; }};
  for (std::size_t i = 0; i < std::size(changes); ++i) {
    ConnectionFilter filter;
    changes[i](filter);
    EXPECT_FALSE(filter.matches(connection())) << "condition " << i;
  }
}

}  // namespace
}  // namespace ballast::control
