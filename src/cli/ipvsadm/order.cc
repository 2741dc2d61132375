#include "cli/ipvsadm/order.h"

#include <array>
#include <cstdint>
#include <iterator>
#include <span>
#include <utility>

namespace ballast::ipvsadm {
namespace {

/// Below 0, 0, above 0: the sign of a - b in 32 bits.
int wrapped_difference(std::uint32_t a, std::uint32_t b) { return static_cast<std::int32_t>(a - b); }

/// An address as four 32-bit numbers; of an IPv4 address the last three are 0.
std::array<std::uint32_t, 4> words_of(const net::Address& address) {
  if (address.is_ipv4()) return {address.ipv4_value()};
  std::array<std::uint32_t, 4> words{};
  for (std::size_t i = 0; i < 16; ++i) words[i / 4] = words[i / 4] << 8 | address.bytes()[i];
  return words;
}

/// As many words count as the family of `a` has.
int compare(const net::Address& a, const net::Address& b) {
  const auto left = words_of(a);
  const auto right = words_of(b);
  const std::size_t count = a.is_ipv4() ? 1 : 4;
  for (std::size_t i = 0; i < count; ++i) {
    if (const int difference = wrapped_difference(left[i], right[i]); difference != 0) return difference;
  }
  return 0;
}

int compare(const net::Endpoint& a, const net::Endpoint& b) {
  if (const int difference = compare(a.address, b.address); difference != 0) return difference;
  return a.port - b.port;
}

int compare(const control::ServerView& a, const control::ServerView& b) {
  return compare(a.server.endpoint, b.server.endpoint);
}

struct SortKey {
  std::uint32_t mark = 0;
  net::Family family = net::Family::ipv4;
  std::uint8_t protocol = 0;
  net::Endpoint endpoint;
};

SortKey sort_key(const cluster::ServiceKey& key) {
  if (const auto* mark = std::get_if<cluster::MarkKey>(&key)) return {mark->mark, mark->family, 0, {}};
  const auto& address = std::get<cluster::AddressKey>(key);
  return {0, address.endpoint.address.family(), static_cast<std::uint8_t>(address.protocol), address.endpoint};
}

int compare(const control::ServiceView& a, const control::ServiceView& b) {
  const auto left = sort_key(a.service.key);
  const auto right = sort_key(b.service.key);
  if (const int difference = wrapped_difference(left.mark, right.mark); difference != 0) return difference;
  if (left.family != right.family) return left.family < right.family ? -1 : 1;
  if (left.protocol != right.protocol) return left.protocol - right.protocol;
  return compare(left.endpoint, right.endpoint);
}

/// Halves, sorts both, and takes from the left one while it is not above the right one. `scratch` is as long as
/// `values`.
template <typename T>
void merge_sort(std::span<T> values, std::span<T> scratch) {
  if (values.size() < 2) return;
  const auto left = values.first(values.size() / 2);
  const auto right = values.subspan(left.size());
  merge_sort(left, scratch.first(left.size()));
  merge_sort(right, scratch.subspan(left.size()));

  auto l = left.begin();
  auto r = right.begin();
  auto merged = scratch.begin();
  while (l != left.end() && r != right.end()) *merged++ = std::move(compare(*l, *r) <= 0 ? *l++ : *r++);
  merged = std::move(l, left.end(), merged);
  std::move(r, right.end(), merged);
  std::ranges::move(scratch, values.begin());
}

template <typename T>
void sort_all(std::vector<T>& values) {
  std::vector<T> scratch(values.size());
  merge_sort(std::span(values), std::span(scratch));
}

}  // namespace

void sort(std::vector<control::ServiceView>& services) { sort_all(services); }
void sort(std::vector<control::ServerView>& servers) { sort_all(servers); }

}  // namespace ballast::ipvsadm
