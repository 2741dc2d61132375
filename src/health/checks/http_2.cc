// HTTP/2 (RFC 9113): frames and header compression by nghttp2.
#include <nghttp2/nghttp2.h>

#include <array>
#include <charconv>
#include <memory>

#include "health/checks/http_message.h"
#include "health/checks/lines.h"

namespace ballast::health {
namespace {

/// One request on one connection.
class Http2Request {
 public:
  Http2Request(const HealthCheck& check, const HttpRequest& request, const std::string& host);
  Http2Request(const Http2Request&) = delete;
  Http2Request& operator=(const Http2Request&) = delete;

  std::string take_output();
  Result<void> feed(std::string_view bytes);
  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] const HttpBody& body() const { return body_; }
  [[nodiscard]] bool complete() const { return complete_ || !body_.whole; }
  /// Why the server gave the request up; empty: it did not.
  [[nodiscard]] const std::string& refusal() const { return refusal_; }

 private:
  struct Free {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
    void operator()(nghttp2_session_callbacks* callbacks) const { nghttp2_session_callbacks_del(callbacks); }
  };
  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_length,
                       const std::uint8_t* value, std::size_t value_length, std::uint8_t flags, void* self);
  static int on_data(nghttp2_session*, std::uint8_t flags, std::int32_t stream, const std::uint8_t* data,
                     std::size_t length, void* self);
  static int on_close(nghttp2_session*, std::int32_t stream, std::uint32_t error, void* self);
  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* self);
  void submit(const HealthCheck& check, const HttpRequest& request, const std::string& host);

  std::unique_ptr<nghttp2_session, Free> session_;
  int status_ = 0;
  HttpBody body_;
  bool complete_ = false;
  std::string refusal_;
};

std::string_view text_of(const std::uint8_t* bytes, std::size_t length) {
  return {reinterpret_cast<const char*>(bytes), length};
}

nghttp2_nv header(std::string_view name, std::string_view value) {
  return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
          reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NONE};
}

Http2Request::Http2Request(const HealthCheck& check, const HttpRequest& request, const std::string& host) {
  nghttp2_session_callbacks* made = nullptr;
  nghttp2_session_callbacks_new(&made);
  const std::unique_ptr<nghttp2_session_callbacks, Free> callbacks(made);
  nghttp2_session_callbacks_set_on_header_callback(made, on_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, on_data);
  nghttp2_session_callbacks_set_on_stream_close_callback(made, on_close);
  nghttp2_session_callbacks_set_on_frame_recv_callback(made, on_frame);
  nghttp2_session* session = nullptr;
  nghttp2_session_client_new(&session, made, this);
  session_.reset(session);
  const nghttp2_settings_entry no_push{NGHTTP2_SETTINGS_ENABLE_PUSH, 0};
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, &no_push, 1);
  submit(check, request, host);
}

void Http2Request::submit(const HealthCheck& check, const HttpRequest& request, const std::string& host) {
  const std::array headers{header(":method", request.method), header(":scheme", check.tls ? "https" : "http"),
                           header(":authority", host), header(":path", request.path), header("user-agent", "ballast")};
  nghttp2_submit_request(session_.get(), nullptr, headers.data(), headers.size(), nullptr, nullptr);
}

int Http2Request::on_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name, std::size_t name_length,
                            const std::uint8_t* value, std::size_t value_length, std::uint8_t, void* self) {
  if (text_of(name, name_length) == ":status") {
    const auto text = text_of(value, value_length);
    std::from_chars(text.data(), text.data() + text.size(), static_cast<Http2Request*>(self)->status_);
  }
  return 0;
}

int Http2Request::on_data(nghttp2_session*, std::uint8_t, std::int32_t, const std::uint8_t* data, std::size_t length,
                          void* self) {
  auto& body = static_cast<Http2Request*>(self)->body_;
  body.whole = body.whole && body.bytes.size() + length <= most_body;
  if (body.whole) body.bytes += text_of(data, length);
  return 0;
}

int Http2Request::on_close(nghttp2_session*, std::int32_t, std::uint32_t error, void* self) {
  auto* request = static_cast<Http2Request*>(self);
  request->complete_ = true;
  if (error != NGHTTP2_NO_ERROR) {
    request->refusal_ = fmt::format("request refused by the server: {}", nghttp2_http2_strerror(error));
  }
  return 0;
}

int Http2Request::on_frame(nghttp2_session*, const nghttp2_frame* frame, void* self) {
  auto* request = static_cast<Http2Request*>(self);
  if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR) {
    request->complete_ = true;
    request->refusal_ =
        fmt::format("connection refused by the server: {}", nghttp2_http2_strerror(frame->goaway.error_code));
  }
  return 0;
}

std::string Http2Request::take_output() {
  std::string output;
  const std::uint8_t* bytes = nullptr;
  ssize_t length = 0;
  while ((length = nghttp2_session_mem_send(session_.get(), &bytes)) > 0) {
    output += text_of(bytes, static_cast<std::size_t>(length));
  }
  return output;
}

Result<void> Http2Request::feed(std::string_view bytes) {
  const ssize_t read =
      nghttp2_session_mem_recv(session_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (read >= 0) return {};
  return fail(fmt::format("not HTTP/2: {}", nghttp2_strerror(static_cast<int>(read))));
}

}  // namespace

Conversation http_2_conversation(HealthCheck check, HttpRequest request, std::string host) {
  if (!request.host.empty()) host = request.host;
  if (!fits_a_request(request.path) || !fits_a_request(request.method) || !fits_a_request(host)) {
    co_return down("method, path and host of a check must be printable and without blanks");
  }
  Http2Request client(check, request, host);
  co_yield client.take_output();
  while (!client.complete()) {
    const std::string_view what = client.status() == 0 ? "the status" : "the body";
    const auto bytes = co_await take_any(what);
    if (!bytes) co_return down(fmt::format("connection closed by the server (waiting for {})", what));
    const auto fed = client.feed(*bytes);
    if (!fed) co_return down(fed.error().message);
    co_yield client.take_output();
  }
  if (!client.refusal().empty()) co_return down(client.refusal());
  co_return judge_http(request, client.status(), client.body());
}

}  // namespace ballast::health
