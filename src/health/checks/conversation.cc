#include "health/checks/conversation.h"

namespace ballast::health {

void Conversation::try_to_go_on() {
  auto& promise = handle_.promise();
  if (promise.wants != Wants::bytes || !promise.waiter->goes_on(promise)) return;
  promise.wants = Wants::nothing;
  handle_.resume();
}

void Conversation::received(std::string_view bytes) {
  if (wants() != Wants::bytes) return;
  handle_.promise().input += bytes;
  try_to_go_on();
}

void Conversation::ended() {
  handle_.promise().at_end = true;
  try_to_go_on();
}

void Conversation::secured() {
  // What came in plain text does not count as said in confidence (RFC 3207 §4.2).
  handle_.promise().input.clear();
  handle_.resume();
}

void Conversation::connected() { handle_.resume(); }

void Conversation::data(std::string all) {
  handle_.promise().data = std::move(all);
  handle_.resume();
}

Conversation::Wants Conversation::wants() const { return handle_.promise().wants; }

const std::string& Conversation::waiting_for() const { return handle_.promise().waiting_for; }

std::uint16_t Conversation::data_port() const { return handle_.promise().data_port; }

const std::optional<Verdict>& Conversation::verdict() const { return handle_.promise().verdict; }

std::string Conversation::take_output() { return std::exchange(handle_.promise().output, {}); }

namespace detail {

bool TakeAny::await_suspend(Conversation::Handle handle) {
  auto& promise = handle.promise();
  promise.wants = Conversation::Wants::bytes;
  promise.waiting_for = what_;
  promise.waiter = this;
  return !goes_on(promise);
}

bool TakeAny::goes_on(Conversation::promise_type& promise) {
  if (promise.input.empty()) return promise.at_end;
  taken_ = std::exchange(promise.input, {});
  return true;
}

void StartTls::await_suspend(Conversation::Handle handle) { handle.promise().wants = Conversation::Wants::tls; }

void OpenData::await_suspend(Conversation::Handle handle) {
  handle.promise().wants = Conversation::Wants::data_connection;
  handle.promise().data_port = port_;
}

void ReadData::await_suspend(Conversation::Handle handle) {
  promise_ = &handle.promise();
  promise_->wants = Conversation::Wants::data;
}

}  // namespace detail
}  // namespace ballast::health
