// How values become JSON and come back: one description of a type serves both ways, so that they cannot drift apart.
//
// A struct is described by naming its members once:
//
//   template <typename Fields, Is<Stats> V>
//   void describe(Fields& fields, V& stats) { fields.member("connections", stats.connections); ... }
//
// Writer walks that description to make an object, Reader walks it to fill a value from one.
#pragma once

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <array>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/error.h"
#include "net/address.h"

namespace ballast::control::json {

/// V is T or const T: a description serves the reader and the writer.
template <typename V, typename T>
concept Is = std::same_as<std::remove_const_t<V>, T>;

/// Where the reader is, and the first thing that was wrong.
class Trail {
 public:
  explicit Trail(std::string path) : path_(std::move(path)) {}

  void wrong(std::string_view what) {
    if (problem_.empty()) problem_ = fmt::format("{}: {}", path_.empty() ? "value" : path_, what);
  }
  [[nodiscard]] bool ok() const { return problem_.empty(); }
  [[nodiscard]] const std::string& problem() const { return problem_; }

  /// Runs `read` one step further down: at ".name" or "[index]".
  template <typename Read>
  void at(std::string_view name, Read&& read) {
    const std::size_t length = path_.size();
    if (!path_.empty()) path_ += '.';
    path_ += name;
    read();
    path_.resize(length);
  }
  template <typename Read>
  void at(std::size_t index, Read&& read) {
    const std::size_t length = path_.size();
    path_ += fmt::format("[{}]", index);
    read();
    path_.resize(length);
  }

 private:
  std::string path_;
  std::string problem_;
};

/// encode(value) and decode(json, value, trail) of one type. The general one is for described structs.
template <typename T>
struct Codec;

class Writer {
 public:
  template <typename C = void, typename T>
  void member(std::string_view name, const T& value) {
    using Chosen = std::conditional_t<std::is_void_v<C>, Codec<T>, C>;
    object_[name] = Chosen::encode(value);
  }
  /// Written like any other; the reader takes its absence for the default.
  template <typename C = void, typename T>
  void optional_member(std::string_view name, const T& value) {
    member<C>(name, value);
  }
  /// Left out where it is T{}, which the reader takes its absence for.
  template <typename C = void, typename T>
  void rare_member(std::string_view name, const T& value) {
    if (!(value == T{})) member<C>(name, value);
  }
  boost::json::object take() { return std::move(object_); }

 private:
  boost::json::object object_;
};

class Reader {
 public:
  Reader(const boost::json::object& object, Trail& trail) : object_(object), trail_(trail) {}

  template <typename C = void, typename T>
  void member(std::string_view name, T& value) {
    read<C>(name, value, true);
  }
  template <typename C = void, typename T>
  void optional_member(std::string_view name, T& value) {
    read<C>(name, value, false);
  }
  template <typename C = void, typename T>
  void rare_member(std::string_view name, T& value) {
    read<C>(name, value, false);
  }

 private:
  template <typename C, typename T>
  void read(std::string_view name, T& value, bool required) {
    using Chosen = std::conditional_t<std::is_void_v<C>, Codec<T>, C>;
    if (!trail_.ok()) return;
    trail_.at(name, [&] {
      const boost::json::value* found = object_.if_contains(name);
      if (found != nullptr) {
        Chosen::decode(*found, value, trail_);
      } else if (required) {
        trail_.wrong("is missing");
      }
    });
  }

  const boost::json::object& object_;
  Trail& trail_;
};

template <typename T>
struct Codec {
  static boost::json::value encode(const T& value) {
    Writer writer;
    describe(writer, value);
    return writer.take();
  }
  static void decode(const boost::json::value& json, T& value, Trail& trail) {
    const boost::json::object* object = json.if_object();
    if (object == nullptr) return trail.wrong("must be an object");
    Reader reader(*object, trail);
    describe(reader, value);
  }
};

template <>
struct Codec<bool> {
  static boost::json::value encode(bool value) { return value; }
  static void decode(const boost::json::value& json, bool& value, Trail& trail) {
    if (!json.is_bool()) return trail.wrong("must be true or false");
    value = json.get_bool();
  }
};

template <>
struct Codec<std::string> {
  static boost::json::value encode(const std::string& value) { return boost::json::string(value); }
  static void decode(const boost::json::value& json, std::string& value, Trail& trail) {
    if (!json.is_string()) return trail.wrong("must be a string");
    value = json.get_string();
  }
};

template <typename T>
  requires(std::integral<T> && !std::same_as<T, bool>)
struct Codec<T> {
  static boost::json::value encode(T value) { return value; }
  static void decode(const boost::json::value& json, T& value, Trail& trail) {
    using Limits = std::numeric_limits<T>;
    if (json.is_int64() && std::in_range<T>(json.get_int64())) {
      value = static_cast<T>(json.get_int64());
    } else if (json.is_uint64() && std::in_range<T>(json.get_uint64())) {
      value = static_cast<T>(json.get_uint64());
    } else if (json.is_int64()) {
      trail.wrong(fmt::format("{} does not fit, {} to {} does", json.get_int64(), Limits::min(), Limits::max()));
    } else if (json.is_uint64()) {
      trail.wrong(fmt::format("{} does not fit, {} to {} does", json.get_uint64(), Limits::min(), Limits::max()));
    } else {
      trail.wrong(fmt::format("must be an integer from {} to {}", Limits::min(), Limits::max()));
    }
  }
};

/// Durations of the control interface are whole seconds from 0 to 2^31-1.
template <>
struct Codec<std::chrono::seconds> {
  static boost::json::value encode(std::chrono::seconds value) { return value.count(); }
  static void decode(const boost::json::value& json, std::chrono::seconds& value, Trail& trail) {
    if (!json.is_int64() || json.get_int64() < 0 || json.get_int64() > std::numeric_limits<std::int32_t>::max()) {
      return trail.wrong("must be a number of seconds from 0 to 2147483647");
    }
    value = std::chrono::seconds(json.get_int64());
  }
};

/// Durations below a second are whole milliseconds from 0 to 2^31-1.
template <>
struct Codec<std::chrono::milliseconds> {
  static boost::json::value encode(std::chrono::milliseconds value) { return value.count(); }
  static void decode(const boost::json::value& json, std::chrono::milliseconds& value, Trail& trail) {
    if (!json.is_int64() || json.get_int64() < 0 || json.get_int64() > std::numeric_limits<std::int32_t>::max()) {
      return trail.wrong("must be a number of milliseconds from 0 to 2147483647");
    }
    value = std::chrono::milliseconds(json.get_int64());
  }
};

template <typename T>
struct Codec<std::vector<T>> {
  static boost::json::value encode(const std::vector<T>& values) {
    boost::json::array array;
    array.reserve(values.size());
    for (const T& value : values) array.push_back(Codec<T>::encode(value));
    return array;
  }
  static void decode(const boost::json::value& json, std::vector<T>& values, Trail& trail) {
    const boost::json::array* array = json.if_array();
    if (array == nullptr) return trail.wrong("must be an array");
    values.clear();
    for (std::size_t i = 0; i < array->size() && trail.ok(); ++i) {
      trail.at(i, [&] { Codec<T>::decode((*array)[i], values.emplace_back(), trail); });
    }
  }
};

/// null stands for nothing.
template <typename T>
struct Codec<std::optional<T>> {
  static boost::json::value encode(const std::optional<T>& value) {
    return value ? Codec<T>::encode(*value) : boost::json::value(nullptr);
  }
  static void decode(const boost::json::value& json, std::optional<T>& value, Trail& trail) {
    value.reset();
    if (!json.is_null()) Codec<T>::decode(json, value.emplace(), trail);
  }
};

/// The words of an enumeration: specialise `names` as an array of pairs of value and word.
template <typename E>
struct Words;

template <typename E>
  requires std::is_enum_v<E>
struct Codec<E> {
  static boost::json::value encode(E value) {
    for (const auto& [known, word] : Words<E>::names) {
      if (known == value) return boost::json::string(word);
    }
    return nullptr;
  }
  static void decode(const boost::json::value& json, E& value, Trail& trail) {
    std::string all;
    for (const auto& [known, word] : Words<E>::names) {
      if (json.is_string() && json.get_string() == word) {
        value = known;
        return;
      }
      all += fmt::format("{}{}", all.empty() ? "" : ", ", word);
    }
    trail.wrong(fmt::format("must be one of {}", all));
  }
};

/// The codec of net types, which are strings: `what` is how a person calls one.
template <typename T>
struct TextCodec {
  static boost::json::value encode(const T& value) { return boost::json::string(value.to_string()); }
  static void decode(const boost::json::value& json, T& value, Trail& trail, std::string_view what) {
    const auto parsed = json.is_string() ? T::parse(std::string_view(json.get_string())) : std::nullopt;
    if (!parsed) return trail.wrong(fmt::format("must be {}", what));
    value = *parsed;
  }
};
template <>
struct Codec<net::Endpoint> : TextCodec<net::Endpoint> {
  static void decode(const boost::json::value& json, net::Endpoint& value, Trail& trail) {
    TextCodec::decode(json, value, trail, "an address and a port, as \"10.0.0.1:80\" or \"[fd00::1]:80\"");
  }
};
template <>
struct Codec<net::Address> : TextCodec<net::Address> {
  static void decode(const boost::json::value& json, net::Address& value, Trail& trail) {
    TextCodec::decode(json, value, trail, "an address, as \"10.0.0.1\" or \"fd00::1\"");
  }
};
template <>
struct Codec<net::Prefix> : TextCodec<net::Prefix> {
  static void decode(const boost::json::value& json, net::Prefix& value, Trail& trail) {
    TextCodec::decode(json, value, trail, "an address or a prefix, as \"10.0.0.0/8\"");
  }
};

/// Reads a whole value; `place` is what errors call it.
template <typename T>
Result<T> read(const boost::json::value& json, std::string place = {}) {
  T value{};
  Trail trail(std::move(place));
  Codec<T>::decode(json, value, trail);
  if (!trail.ok()) return fail(trail.problem(), EINVAL);
  return value;
}

}  // namespace ballast::control::json
