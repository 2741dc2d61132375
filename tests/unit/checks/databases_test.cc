#include "dialogue.h"
#include "health/checks/ber.h"
#include "health/checks/bytes.h"
#include "health/checks/crypto.h"
#include "health/checks/mysql_packet.h"
#include "health/checks/postgresql_message.h"
#include "health/checks/protocols.h"
#include "health/checks/scram.h"

namespace ballast::health {
namespace {

using namespace std::string_literals;
using Required = cluster::DatabaseRole::Required;

TEST(Redis, LogsInPingsAndKnowsItsRole) {
  HealthCheck check;
  check.password = "secret";
  check.database_role.role = Required::read_only;
  const auto make = [&] { return redis_conversation(check); };
  const std::string replica = "*5\r\n$5\r\nslave\r\n$8\r\n10.0.0.9\r\n:6379\r\n$9\r\nconnected\r\n:42\r\n";
  const auto outcome = talk(make, {"+OK\r\n", "+PONG\r\n", replica});
  EXPECT_EQ(outcome.said, "*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\nPING\r\nROLE\r\n");
  EXPECT_EQ(outcome.verdict, up("is a replica, connected to its master"));
  EXPECT_EQ(talk(make, {"+OK\r\n", "+PONG\r\n", "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n"}).verdict,
            down("is the master, wanted a replica"));
  EXPECT_EQ(talk(make, {"-WRONGPASS no\r\n"}).verdict, down("login refused: 'WRONGPASS no'"));
}

TEST(Redis, IsDownWhileItLoads) {
  EXPECT_EQ(talk([] { return redis_conversation({}); }, {"-LOADING Redis is loading\r\n"}).verdict,
            down("PING was answered 'LOADING Redis is loading'"));
}

TEST(Redis, IsDownByNonsense) {
  for (const auto* said : {"hello\r\n", "$x\r\n", "*99999999999\r\n", "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n"}) {
    EXPECT_FALSE(talk([] { return redis_conversation({}); }, {said}).verdict.up) << said;
  }
}

std::string ldap(std::uint8_t operation, const std::string& content) {
  return ber::encode(ber::sequence, ber::encode_small(ber::integer, 1) + ber::encode(operation, content));
}
std::string ldap_result(std::uint8_t operation, std::uint8_t code, const std::string& text = "") {
  return ldap(operation,
              ber::encode_small(ber::enumerated, code) + ber::encode(ber::octets, "") + ber::encode(ber::octets, text));
}

TEST(Ldap, BindsAnonymously) {
  const auto outcome = talk([] { return ldap_conversation({}); }, {ldap_result(0x61, 0)});
  EXPECT_EQ(outcome.said, "\x30\x0c\x02\x01\x02\x60\x07\x02\x01\x03\x04\x00\x80\x00\x30\x05\x02\x01\x04\x42\x00"s);
  EXPECT_EQ(outcome.verdict, up("bound"));
}

TEST(Ldap, SearchesTheBase) {
  HealthCheck check;
  check.user = "cn=admin";
  check.password = "secret";
  check.request = "dc=example";
  check.expect = "^dc=";
  const auto make = [&] { return ldap_conversation(check); };
  const std::string entry = ldap(0x64, ber::encode(ber::octets, "dc=example") + ber::encode(ber::sequence, ""));
  EXPECT_EQ(talk(make, {ldap_result(0x61, 0), entry + ldap_result(0x65, 0)}).verdict, up("entry 'dc=example'"));
  EXPECT_EQ(talk(make, {ldap_result(0x61, 0), ldap_result(0x65, 0)}).verdict,
            down("search for 'dc=example': no entry"));
  EXPECT_EQ(talk(make, {ldap_result(0x61, 0), ldap_result(0x65, 32)}).verdict,
            down("search for 'dc=example': result 32 ''"));
  EXPECT_EQ(talk(make, {ldap_result(0x61, 49, "invalid credentials")}).verdict,
            down("bind refused: result 49 'invalid credentials'"));
  EXPECT_EQ(talk(make, {"HTTP/1.1 400\r\n"}).verdict, down("not LDAP"));
}

std::string with_length(const std::string& text) { return static_cast<char>(text.size()) + text; }

std::string mysql_greeting(const std::string& plugin = "mysql_native_password", bool tls = false) {
  return mysql::encode(0, "\x0a"s + "10.11.6-MariaDB\0"s + "\x01\0\0\0"s + "abcdefgh\0"s +
                              (tls ? "\xff\xff"s : "\xff\xf7"s) + "\x21\x02\x00\xff\x81\x15"s + std::string(10, '\0') +
                              "ijklmnopqrst\0"s + plugin + "\0"s);
}
const std::string mysql_ok = mysql::encode(2, "\0\0\0\x02\0\0\0"s);

/// A result of one column.
std::string mysql_rows(const std::string& column, const std::vector<std::string>& values) {
  std::string bytes = mysql::encode(1, "\x01");
  bytes += mysql::encode(2, with_length("def") + with_length("") + with_length("") + with_length("") +
                                with_length(column) + with_length(column) + "\x0c"s + std::string(12, '\0'));
  bytes += mysql::encode(3, "\xfe\0\0\x02\0"s);
  for (const auto& value : values) bytes += mysql::encode(4, with_length(value));
  return bytes + mysql::encode(5, "\xfe\0\0\x02\0"s);
}

HealthCheck mysql_check() {
  HealthCheck check;
  check.type = cluster::CheckType::mysql;
  check.user = "monitor";
  check.password = "secret";
  return check;
}

TEST(Mysql, IsUpByItsGreetingWhereNobodyLogsIn) {
  EXPECT_EQ(talk([] { return mysql_conversation({}); }, {mysql_greeting()}).verdict, up("greeting of 10.11.6-MariaDB"));
}

TEST(Mysql, LogsInWithTheNativePassword) {
  const auto make = [] { return mysql_conversation(mysql_check()); };
  const auto outcome = talk(make, {mysql_greeting(), mysql_ok});
  EXPECT_EQ(outcome.verdict, up("logged in to 10.11.6-MariaDB"));
  const std::string proof =
      exclusive_or(digest(Hash::sha1, "secret"),
                   digest(Hash::sha1, "abcdefghijklmnopqrst" + digest(Hash::sha1, digest(Hash::sha1, "secret"))));
  EXPECT_NE(outcome.said.find("monitor\0\x14"s + proof + "mysql_native_password\0"s), std::string::npos);
  EXPECT_TRUE(outcome.said.ends_with("\x01\0\0\0\x01"s));
  EXPECT_EQ(talk(make, {mysql_greeting(), mysql::encode(2, "\xff\x15\x04#28000Access denied"s)}).verdict,
            down("login refused: 1045 Access denied"));
}

TEST(Mysql, NamesARefusalInThePlaceOfTheGreeting) {
  EXPECT_EQ(
      talk([] { return mysql_conversation({}); }, {mysql::encode(0, "\xff\x10\x04Too many connections"s)}).verdict,
      down("refused: 1040 Too many connections"));
}

TEST(Mysql, FollowsASwitchOfThePlugin) {
  const auto make = [] { return mysql_conversation(mysql_check()); };
  const auto outcome = talk(make, {mysql_greeting(),
                                   mysql::encode(2,
                                                 "\xfe"
                                                 "caching_sha2_password\0ABCDEFGHIJKLMNOPQRST\0"s),
                                   mysql::encode(4, "\x01\x03"), mysql::encode(5, "\0\0\0\x02\0\0\0"s)});
  EXPECT_TRUE(outcome.verdict.up) << outcome.verdict.reason;
  const auto proof = mysql::proof_of("caching_sha2_password", "secret", "ABCDEFGHIJKLMNOPQRST");
  EXPECT_NE(outcome.said.find(mysql::encode(3, *proof)), std::string::npos);
  EXPECT_EQ(talk(make, {mysql_greeting(), mysql::encode(2,
                                                        "\xfe"
                                                        "client_ed25519\0xxxx\0"s)})
                .verdict,
            down("login needs the plugin 'client_ed25519', which is not known"));
}

TEST(Mysql, SendsThePasswordItselfOnlyInTls) {
  auto check = mysql_check();
  const std::vector<std::string> server{mysql_greeting("caching_sha2_password", true), mysql::encode(2, "\x01\x04"),
                                        mysql::encode(4, "\0\0\0\x02\0\0\0"s)};
  EXPECT_EQ(hold(mysql_conversation(check), server).said.find("secret"), std::string::npos);
  check.tls.emplace();
  const auto outcome = hold(mysql_conversation(check), server);
  EXPECT_NE(outcome.said.find("secret\0"s), std::string::npos);
  EXPECT_TRUE(outcome.verdict.up) << outcome.verdict.reason;
}

TEST(Mysql, WantsARowOfTheQuery) {
  auto check = mysql_check();
  check.request = "SELECT name FROM enabled";
  check.expect = "^rs1$";
  const auto make = [&] { return mysql_conversation(check); };
  const auto with = [&](const std::string& answer) { return talk(make, {mysql_greeting(), mysql_ok, answer}).verdict; };
  EXPECT_EQ(with(mysql_rows("name", {"rs2", "rs1"})), up("query gives 'rs1'"));
  EXPECT_EQ(with(mysql_rows("name", {"rs2"})), down("no row matches /^rs1$/; the first is 'rs2'"));
  EXPECT_EQ(with(mysql_rows("name", {})), down("query gives no row"));
  EXPECT_EQ(with(mysql::encode(1, "\xff\x7a\x04#42S02No such table"s)), down("query failed: 1146 No such table"));
}

TEST(Mysql, WantsARole) {
  auto check = mysql_check();
  check.database_role.role = Required::writable;
  const auto with = [&](const std::string& value) {
    return talk([&] { return mysql_conversation(check); },
                {mysql_greeting(), mysql_ok, mysql_rows("read_only", {value})})
        .verdict;
  };
  EXPECT_TRUE(with("0").up);
  EXPECT_EQ(with("1"), down("is read-only, wanted a writable server"));
  check.database_role.role = Required::read_only;
  EXPECT_EQ(with("0"), down("is writable, wanted a read-only server"));
}

TEST(Mysql, WantsAReplicaThatIsNotFarBehind) {
  auto check = mysql_check();
  check.database_role.lag = std::chrono::seconds(10);
  const auto with = [&](const std::vector<std::string>& answers) {
    std::vector<std::string> server{mysql_greeting(), mysql_ok};
    server.insert(server.end(), answers.begin(), answers.end());
    return talk([&] { return mysql_conversation(check); }, server).verdict;
  };
  EXPECT_TRUE(with({mysql_rows("Seconds_Behind_Master", {"10"})}).up);
  EXPECT_EQ(with({mysql_rows("Seconds_Behind_Source", {"40"})}), down("replica is 40 s behind, at most 10 s allowed"));
  EXPECT_EQ(with({mysql_rows("Other", {"x"})}), down("replication is not running"));
  EXPECT_TRUE(with({mysql_rows("Other", {})}).up);
  EXPECT_TRUE(with({mysql::encode(1, "\xff\x28\x04#42000syntax"s), mysql_rows("Seconds_Behind_Master", {"0"})}).up);
}

std::string galera(const std::string& state, const std::string& comment, const std::string& component) {
  const auto column = [](const std::string& name) {
    return with_length("def") + with_length("") + with_length("") + with_length("") + with_length(name) +
           with_length(name) + "\x0c"s + std::string(12, '\0');
  };
  const auto row = [](const std::string& name, const std::string& value) {
    return mysql::encode(5, with_length(name) + with_length(value));
  };
  const std::string end = mysql::encode(4, "\xfe\0\0\x02\0"s);
  return mysql::encode(1, "\x02") + mysql::encode(2, column("Variable_name")) + mysql::encode(3, column("Value")) +
         end + row("wsrep_local_state", state) + row("wsrep_local_state_comment", comment) +
         row("wsrep_cluster_status", component) + end;
}

TEST(Mysql, WantsASyncedGaleraNode) {
  auto check = mysql_check();
  check.database_role.wsrep_synced = true;
  const auto with = [&](const std::string& answer) {
    return talk([&] { return mysql_conversation(check); }, {mysql_greeting(), mysql_ok, answer}).verdict;
  };
  EXPECT_TRUE(with(galera("4", "Synced", "Primary")).up);
  EXPECT_EQ(with(galera("4", "Synced", "non-Primary")), down("Galera component is non-Primary, wanted Primary"));
  EXPECT_EQ(with(galera("2", "Donor/Desynced", "Primary")),
            down("Galera node is Donor/Desynced (state 2), wanted Synced"));
  EXPECT_EQ(with(mysql_rows("x", {})), down("is no node of a Galera cluster"));
  check.database_role.wsrep_donor_allowed = true;
  EXPECT_TRUE(with(galera("2", "Donor/Desynced", "Primary")).up);
}

using postgresql::encode;

std::string pg_error(const std::string& code, const std::string& text) {
  return encode('E', "SFATAL\0C"s + code + "\0M"s + text + "\0\0"s);
}
const std::string pg_ready = encode('R', std::string(4, '\0')) + encode('S', "x\0y\0"s) + encode('Z', "I");
std::string pg_rows(const std::vector<std::string>& values) {
  std::string bytes = encode('T', "\0\0"s);
  for (const auto& value : values) bytes += encode('D', "\0\x01"s + big_endian(value.size(), 4) + value);
  return bytes + encode('C', "SELECT\0"s) + encode('Z', "I");
}

HealthCheck pg_check() {
  HealthCheck check;
  check.user = "monitor";
  check.password = "secret";
  return check;
}

TEST(Postgresql, ShakesHandsWhereNobodyLogsIn) {
  const auto make = [] { return postgresql_conversation({}, "n"); };
  EXPECT_EQ(talk(make, {encode('R', "\0\0\0\x0a"s + "SCRAM-SHA-256\0\0"s)}).verdict, up("handshake"));
  EXPECT_EQ(talk(make, {pg_error("28000", "no entry")}).verdict, up("handshake (28000 no entry)"));
  EXPECT_EQ(talk(make, {pg_error("57P03", "the database system is starting up")}).verdict,
            down("login refused: 57P03 the database system is starting up"));
}

TEST(Postgresql, LogsInInClearTextAndByMd5) {
  const auto make = [] { return postgresql_conversation(pg_check(), "n"); };
  EXPECT_TRUE(talk(make, {encode('R', "\0\0\0\x03"s), pg_ready}).said.find("p\0\0\0\x0bsecret\0"s) !=
              std::string::npos);
  const auto outcome = talk(make, {encode('R', "\0\0\0\x05"s + "salt"), pg_ready});
  EXPECT_NE(outcome.said.find(postgresql::md5_password("monitor", "secret", "salt")), std::string::npos);
  EXPECT_TRUE(outcome.verdict.up);
  EXPECT_EQ(talk(make, {pg_error("28P01", "password authentication failed")}).verdict,
            down("login refused: 28P01 password authentication failed"));
}

TEST(Postgresql, WantsARowRoleAndLag) {
  auto check = pg_check();
  check.request = "SELECT 1";
  check.database_role = {.role = Required::read_only, .lag = std::chrono::seconds(10)};
  const auto with = [&](const std::string& row, const std::string& recovery, const std::string& lag) {
    return talk([&] { return postgresql_conversation(check, "n"); },
                {pg_ready, row, pg_rows({recovery}), pg_rows({lag})})
        .verdict;
  };
  EXPECT_EQ(with(pg_rows({"1"}), "t", "0"), up("query gives '1'"));
  EXPECT_EQ(with(pg_rows({}), "t", "0"), down("query gives no row"));
  EXPECT_EQ(with(pg_rows({"1"}), "f", "0"), down("is writable, wanted a read-only server"));
  EXPECT_EQ(with(pg_rows({"1"}), "t", "12.5"), down("replica is 12 s behind, at most 10 s allowed"));
}

TEST(Postgresql, ChangesOverToTlsOrSaysThatItCannot) {
  auto check = pg_check();
  check.tls.emplace();
  const auto make = [&] { return postgresql_conversation(check, "n"); };
  EXPECT_TRUE(hold(make(), {"S", pg_ready}).verdict.up);
  EXPECT_EQ(talk(make, {"N"}).verdict, down("server does not offer TLS"));
}

// RFC 7677 §3.
TEST(Scram, SaysWhatTheRfcSays) {
  Scram scram("user", "pencil", "rOprNGfwEbeRWgbNEkqO");
  EXPECT_EQ(scram.first_message(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  const auto final_message =
      scram.final_message("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
  ASSERT_TRUE(final_message);
  EXPECT_EQ(
      *final_message,
      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  EXPECT_TRUE(scram.is_proven("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
  EXPECT_FALSE(scram.is_proven("v=AAAATRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
}

TEST(Scram, RefusesAForeignNonceAndEndlessIterations) {
  Scram scram("user", "pencil", "abc");
  EXPECT_FALSE(scram.final_message("r=xyz,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"));
  EXPECT_FALSE(scram.final_message("r=abcd,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=999999999"));
  EXPECT_FALSE(scram.final_message(""));
}

}  // namespace
}  // namespace ballast::health
