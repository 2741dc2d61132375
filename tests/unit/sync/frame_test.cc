// Frames that only who knows the secret can make, each once and in its order.
#include "sync/frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ballast::sync {
namespace {

const FrameKey key = frame_key("a shared secret!", Role::caller, Nonce{1}, Nonce{2});

Bytes content(std::string_view text) { return {text.begin(), text.end()}; }

TEST(Frame, ComesBackAsItWasInAnyPieces) {
  FrameWriter writer(key);
  Bytes bytes;
  writer.write(FrameType::begin, {}, bytes);
  writer.write(FrameType::records, content("one"), bytes);
  for (const std::size_t piece : {1, 3, 7, 1000}) {
    FrameReader reader(key);
    std::vector<Bytes> read;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      reader.add(std::span(bytes).subspan(at, std::min(piece, bytes.size() - at)));
      for (auto next = reader.next(); next && *next; next = reader.next()) read.push_back((*next)->content);
    }
    EXPECT_EQ(read, (std::vector<Bytes>{{}, content("one")})) << piece;
  }
}

TEST(Frame, OneThatWasChangedIsRefused) {
  Bytes good;
  FrameWriter(key).write(FrameType::records, content("one"), good);
  for (std::size_t place = 0; place < good.size(); ++place) {
    Bytes bad = good;
    bad[place] ^= 1;
    FrameReader reader(key);
    reader.add(bad);
    const auto next = reader.next();
    EXPECT_TRUE(!next || !*next) << place;
  }
}

TEST(Frame, OneThatIsSaidTwiceOrLeftOutIsRefused) {
  FrameWriter writer(key);
  Bytes first, second;
  writer.write(FrameType::ping, {}, first);
  writer.write(FrameType::ping, {}, second);
  FrameReader twice(key);
  twice.add(first);
  ASSERT_TRUE(twice.next());
  twice.add(first);
  EXPECT_EQ(twice.next().error(), FrameError::wrong_tag);
  FrameReader without(key);
  without.add(second);
  EXPECT_EQ(without.next().error(), FrameError::wrong_tag);
}

TEST(Frame, KeysDifferBySecretSpeakerAndNonces) {
  EXPECT_NE(key, frame_key("another secret!!", Role::caller, Nonce{1}, Nonce{2}));
  EXPECT_NE(key, frame_key("a shared secret!", Role::called, Nonce{1}, Nonce{2}));
  EXPECT_NE(key, frame_key("a shared secret!", Role::caller, Nonce{3}, Nonce{2}));
  EXPECT_NE(key, frame_key("a shared secret!", Role::caller, Nonce{1}, Nonce{3}));
}

TEST(Frame, AnEndlessOneIsRefusedAtItsHeader) {
  FrameReader reader(key);
  reader.add(Bytes{3, 0xff, 0xff, 0xff, 0xff});
  EXPECT_EQ(reader.next().error(), FrameError::too_long);
}

TEST(Hello, OnlyOneOfThisProtocolIsUnderstood) {
  const Nonce nonce = new_nonce();
  EXPECT_EQ(read_hello(hello(nonce)), nonce);
  Bytes other = hello(nonce);
  other[6] = '2';
  EXPECT_FALSE(read_hello(other));
}

}  // namespace
}  // namespace ballast::sync
