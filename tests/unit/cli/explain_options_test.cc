#include <gtest/gtest.h>
#include <netinet/in.h>

#include "cli/explain_command.h"

namespace ballast::cli {
namespace {

ExplainOptions options(std::string from, std::string to, std::string protocol = "tcp", std::string flags = "") {
  ExplainOptions out;
  out.from = std::move(from);
  out.to = std::move(to);
  out.protocol = std::move(protocol);
  out.flags = std::move(flags);
  return out;
}

std::string error_of(const ExplainOptions& asked) {
  const auto question = question_of(asked);
  return question ? "" : question.error().message;
}

TEST(ExplainOptions, BecomeAQuestion) {
  auto asked = options("1.2.3.4:5555", "10.0.0.13:80", "tcp", "rst,ack");
  asked.ttl = 1;
  asked.interface = "eth0";
  const auto question = question_of(asked);
  ASSERT_TRUE(question.has_value()) << question.error().message;
  EXPECT_EQ(question->from, net::Endpoint::parse("1.2.3.4:5555"));
  EXPECT_EQ(question->to, net::Endpoint::parse("10.0.0.13:80"));
  EXPECT_EQ(question->protocol, IPPROTO_TCP);
  EXPECT_EQ(question->tcp_flags, explain::flag_rst | explain::flag_ack);
  EXPECT_EQ(question->ttl, 1);
  EXPECT_EQ(question->interface, "eth0");
}

TEST(ExplainOptions, AClientNeedsNoPortAndIcmpHasNone) {
  EXPECT_NE(question_of(options("fd00::2", "[fd00::13]:53", "udp"))->from.port, 0);
  EXPECT_EQ(question_of(options("1.2.3.4", "10.0.0.13", "icmp"))->to.port, 0);
}

TEST(ExplainOptions, WhatIsWrongIsNamed) {
  EXPECT_EQ(error_of(options("1.2.3", "10.0.0.13:80")),
            "--from 1.2.3: must be an address, or an address and a port, as 10.0.0.1:80 or [fd00::1]:80");
  EXPECT_EQ(error_of(options("1.2.3.4", "10.0.0.13")),
            "--to 10.0.0.13: must be an address and a port, as 10.0.0.1:80 or [fd00::1]:80");
  EXPECT_EQ(error_of(options("1.2.3.4", "[fd00::13]:80")), "--from 1.2.3.4 --to [fd00::13]:80: must be of one family");
  EXPECT_EQ(error_of(options("1.2.3.4", "10.0.0.13:80", "gre")), "--protocol gre: must be one of tcp, udp, sctp, icmp");
  EXPECT_EQ(error_of(options("1.2.3.4", "10.0.0.13:80", "tcp", "syn,")),
            "--flags : must be one of fin, syn, rst, psh, ack, urg");
  EXPECT_EQ(error_of(options("1.2.3.4", "10.0.0.13:80", "udp", "syn")), "--flags: only TCP has them");
}

}  // namespace
}  // namespace ballast::cli
