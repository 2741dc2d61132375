#include "config/hmac_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace ballast::config {
namespace {

using ::testing::HasSubstr;

constexpr auto text = "0123456789abcdef0123456789abcdef";

class HmacKeyFile : public testing::Test {
 protected:
  ~HmacKeyFile() override { std::filesystem::remove(path_); }
  std::string written(std::string_view content) {
    std::ofstream(path_) << content;
    return "file:" + path_;
  }

  std::string path_ = testing::TempDir() + "hmac_key." + std::to_string(::getpid());
};

TEST(HmacKey, IsItsOwnCharacters) {
  const auto key = read_hmac_key(7, text);
  ASSERT_TRUE(key);
  EXPECT_EQ(*key, (cluster::HmacKey{.id = 7, .secret = text, .written = text}));
}

TEST(HmacKey, IsWhatItsDigitsStandFor) {
  const auto key = read_hmac_key(1, "hex:" + std::string(64, 'A'));
  ASSERT_TRUE(key);
  EXPECT_EQ(key->secret, std::string(32, '\xaa'));
  EXPECT_THAT(read_hmac_key(1, "hex:" + std::string(65, 'A')).error().message, HasSubstr("two digits for each byte"));
  EXPECT_THAT(read_hmac_key(1, "hex:" + std::string(64, '-')).error().message, HasSubstr("is not hexadecimal"));
  EXPECT_THAT(read_hmac_key(1, "hex:" + std::string(62, 'A')).error().message, HasSubstr("this one has 31"));
}

TEST_F(HmacKeyFile, IsReadWithoutTheEndOfItsLine) {
  EXPECT_EQ(read_hmac_key(1, written(std::string(text) + "\r\n"))->secret, text);
  EXPECT_EQ(read_hmac_key(1, written("hex:" + std::string(64, '0')))->secret, std::string(32, '\0'));
  EXPECT_EQ(read_hmac_key(1, written(text))->written, "file:" + path_);
}

TEST_F(HmacKeyFile, MustBeAFileThatHoldsAKey) {
  EXPECT_THAT(read_hmac_key(1, written("")).error().message, HasSubstr("this one has 0"));
  EXPECT_THAT(read_hmac_key(1, written(std::string(1000, 'x'))).error().message, HasSubstr("32 to 64 bytes"));
  EXPECT_THAT(read_hmac_key(1, "file:/dev/zero").error().message, HasSubstr("/dev/zero is not a file"));
  EXPECT_THAT(read_hmac_key(1, "file:/nowhere").error().message, HasSubstr("/nowhere: No such file"));
}

}  // namespace
}  // namespace ballast::config
