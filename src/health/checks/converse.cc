#include "health/checks/converse.h"

namespace ballast::health {
namespace {

namespace asio = boost::asio;

/// Files that a check fetches are for looking at, not for keeping.
constexpr std::size_t most_data = 4 << 20;

/// All that a second connection delivers; what of it came before a failure.
asio::awaitable<std::string> fetch(std::uint16_t port, const CheckTarget& target) {
  Stream stream(co_await asio::this_coro::executor);
  net::Endpoint peer = peer_of(target);
  peer.port = port;
  std::string all;
  if (auto connected = co_await stream.connect(peer, target.check, true); !connected) co_return all;
  while (all.size() < most_data) {
    const auto bytes = co_await stream.read();
    if (!bytes || bytes->empty()) break;
    all += *bytes;
  }
  co_return all;
}

asio::awaitable<Result<void>> receive(Conversation& conversation, Stream& stream) {
  const auto bytes = co_await stream.read();
  if (!bytes) co_return fail(fmt::format("{} (waiting for {})", bytes.error().message, conversation.waiting_for()));
  if (bytes->empty()) {
    conversation.ended();
  } else {
    conversation.received(*bytes);
  }
  co_return Result<void>();
}

/// Gives the conversation what it wants. The error is the connection's.
asio::awaitable<Result<void>> serve(Conversation& conversation, Stream& stream, const TlsWishes& tls,
                                    const CheckTarget& target, Progress& progress) {
  switch (conversation.wants()) {
    case Conversation::Wants::bytes:
      progress.doing = fmt::format("connected, waiting for {}", conversation.waiting_for());
      co_return co_await receive(conversation, stream);
    case Conversation::Wants::tls: {
      progress.doing = "connected, in the TLS handshake";
      auto secured = co_await stream.secure(tls);
      if (secured) conversation.secured();
      co_return secured;
    }
    case Conversation::Wants::data_connection:
      progress.doing = "connected, waiting for the file";
      conversation.data(co_await fetch(conversation.data_port(), target));
      break;
    case Conversation::Wants::nothing:
      break;
  }
  co_return Result<void>();
}

}  // namespace

asio::awaitable<Verdict> converse(Conversation conversation, Stream& stream, const TlsWishes& tls,
                                  const CheckTarget& target, Progress& progress) {
  conversation.begin();
  while (true) {
    if (const std::string output = conversation.take_output(); !output.empty()) {
      const auto written = co_await stream.write(output);
      if (!written && !conversation.verdict()) co_return down(written.error().message);
    }
    if (conversation.verdict()) co_return *conversation.verdict();
    const auto served = co_await serve(conversation, stream, tls, target, progress);
    if (!served) co_return down(served.error().message);
  }
}

}  // namespace ballast::health
