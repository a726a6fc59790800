// Result<T>: a value or an Error. A small subset of std::expected under its names, so that it can become an alias of it.
//
// Partial failure is this system's subject, so it belongs in signatures: nothing of ours throws.
#pragma once

#include <optional>
#include <utility>
#include <variant>

#include "store/core/error.h"

namespace mig {

// A failed Result of any type. `return Error{...};` makes one too.
class Unexpected {
 public:
  explicit Unexpected(Error error) : error_(std::move(error)) {}
  Error& error() { return error_; }

 private:
  Error error_;
};

template <typename T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Unexpected failure) : state_(std::in_place_index<1>, std::move(failure.error())) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  // REQUIRES: has_value().
  T& value() & { return *std::get_if<0>(&state_); }
  const T& value() const& { return *std::get_if<0>(&state_); }
  T&& value() && { return std::move(*std::get_if<0>(&state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // REQUIRES: !has_value().
  Error& error() & { return *std::get_if<1>(&state_); }
  const Error& error() const& { return *std::get_if<1>(&state_); }
  Error&& error() && { return std::move(*std::get_if<1>(&state_)); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  Result(Unexpected failure) : error_(std::move(failure.error())) {}
  Result(Error error) : error_(std::move(error)) {}

  bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }
  void value() const {}

  // REQUIRES: !has_value().
  Error& error() & { return *error_; }
  const Error& error() const& { return *error_; }
  Error&& error() && { return std::move(*error_); }

 private:
  std::optional<Error> error_;
};

}  // namespace mig

// TRY(expr): the value of a Result, or leave the function with its error.
//
// It is a whole statement, a whole initialiser, the operand of `return` or a function argument, never inside braces:
// in `Pair{TRY(a()), TRY(b())}` gcc 12 and clang 14 never destroy `a` when `b` fails (scripts/check_layers looks).
#define TRY(expression)                                                            \
  ({                                                                               \
    auto&& try_result = (expression);                                              \
    if (!try_result.has_value()) return ::mig::Unexpected(std::move(try_result).error()); \
    std::move(try_result).value();                                                 \
  })
