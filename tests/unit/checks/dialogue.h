// Holds conversations with recorded words of servers.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "health/checks/conversation.h"

namespace ballast::health {

/// What came of a conversation.
struct Outcome {
  std::string said;  ///< all that was sent
  Verdict verdict;
};

/// Lets the server say `words`, one after the other, each when the conversation waits for bytes, and then end the
/// connection. `data` is what a second connection delivers. Changing over to TLS always goes well.
inline Outcome hold(Conversation conversation, const std::vector<std::string>& words, const std::string& data = "") {
  Outcome outcome;
  conversation.begin();
  auto next = words.begin();
  while (true) {
    outcome.said += conversation.take_output();
    switch (conversation.wants()) {
      case Conversation::Wants::bytes:
        if (next == words.end()) {
          conversation.ended();
        } else {
          conversation.received(*next++);
        }
        break;
      case Conversation::Wants::tls:
        conversation.secured();
        break;
      case Conversation::Wants::data_connection:
        conversation.connected();
        break;
      case Conversation::Wants::data:
        conversation.data(data);
        break;
      case Conversation::Wants::nothing:
        outcome.verdict = *conversation.verdict();
        return outcome;
    }
  }
}

/// As hold(), with a server whose words arrive whole, and with one whose bytes arrive one by one: both must come to the
/// same.
inline Outcome talk(const std::function<Conversation()>& make, const std::vector<std::string>& words,
                    const std::string& data = "") {
  const Outcome whole = hold(make(), words, data);
  std::vector<std::string> bytes;
  for (const auto& word : words) {
    for (const char byte : word) bytes.emplace_back(1, byte);
  }
  const Outcome slow = hold(make(), bytes, data);
  EXPECT_EQ(slow.said, whole.said);
  EXPECT_EQ(slow.verdict.up, whole.verdict.up) << slow.verdict.reason << " / " << whole.verdict.reason;
  return whole;
}

}  // namespace ballast::health
