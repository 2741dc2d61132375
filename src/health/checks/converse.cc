#include "health/checks/converse.h"

#include <optional>

namespace ballast::health {
namespace {

namespace asio = boost::asio;

/// Files that a check fetches are for looking at, not for keeping.
constexpr std::size_t most_data = 4 << 20;

/// A conversation, and the connections that it is held over.
struct Line {
  Conversation conversation;
  Stream& stream;
  std::optional<Stream> data;
};

asio::awaitable<Result<void>> receive(Line& line) {
  const auto bytes = co_await line.stream.read();
  if (!bytes) {
    co_return fail(fmt::format("{} (waiting for {})", bytes.error().message, line.conversation.waiting_for()));
  }
  if (bytes->empty()) {
    line.conversation.ended();
  } else {
    line.conversation.received(*bytes);
  }
  co_return Result<void>();
}

asio::awaitable<Result<void>> open_data(Line& line, const CheckTarget& target) {
  net::Endpoint peer = peer_of(target);
  peer.port = line.conversation.data_port();
  line.data.emplace(co_await asio::this_coro::executor, line.stream.ways());
  const auto connected = co_await line.data->connect(peer, target, true);
  if (!connected) co_return fail(fmt::format("data connection: {}", connected.error().message));
  line.conversation.connected();
  co_return Result<void>();
}

/// All that the second connection delivers; what of it came before a failure. Where the first one is in TLS it is too,
/// and goes on with the session of the first: servers want that, so that nobody else can take the place of the client.
asio::awaitable<Result<void>> read_data(Line& line, const TlsWishes& tls) {
  if (line.stream.is_secured()) {
    const auto secured = co_await line.data->secure(tls, &line.stream);
    if (!secured) co_return fail(fmt::format("data connection: {}", secured.error().message));
  }
  std::string all;
  while (all.size() < most_data) {
    const auto bytes = co_await line.data->read();
    if (!bytes || bytes->empty()) break;
    all += *bytes;
  }
  line.conversation.data(std::move(all));
  co_return Result<void>();
}

asio::awaitable<Result<void>> secure(Line& line, const TlsWishes& tls) {
  auto secured = co_await line.stream.secure(tls);
  if (secured) line.conversation.secured();
  co_return secured;
}

/// Gives the conversation what it wants. The error is the connection's.
asio::awaitable<Result<void>> serve(Line& line, const TlsWishes& tls, const CheckTarget& target, Progress& progress) {
  switch (line.conversation.wants()) {
    case Conversation::Wants::bytes:
      progress.doing = fmt::format("connected, waiting for {}", line.conversation.waiting_for());
      co_return co_await receive(line);
    case Conversation::Wants::tls:
      progress.doing = "connected, in the TLS handshake";
      co_return co_await secure(line, tls);
    case Conversation::Wants::data_connection:
      progress.doing = "connected, opening the data connection";
      co_return co_await open_data(line, target);
    case Conversation::Wants::data:
      progress.doing = "connected, waiting for the file";
      co_return co_await read_data(line, tls);
    case Conversation::Wants::nothing:
      break;
  }
  co_return Result<void>();
}

}  // namespace

asio::awaitable<Verdict> converse(Conversation conversation, Stream& stream, const TlsWishes& tls,
                                  const CheckTarget& target, Progress& progress) {
  Line line{std::move(conversation), stream, std::nullopt};
  line.conversation.begin();
  while (true) {
    const auto& verdict = line.conversation.verdict();
    if (const std::string output = line.conversation.take_output(); !output.empty()) {
      const auto written = co_await stream.write(output);
      if (!written && !verdict) co_return down(written.error().message);
    }
    if (verdict) co_return *verdict;
    const auto served = co_await serve(line, tls, target, progress);
    if (!served) co_return down(served.error().message);
  }
}

}  // namespace ballast::health
