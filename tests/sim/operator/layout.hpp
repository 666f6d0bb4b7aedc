// How the API server merges a value: which lists are maps by keys or sets, and what has one owner as a whole.
// Built-in kinds by the names of their fields, as the published OpenAPI (x-kubernetes-list-type, -list-map-keys, -map-type) declares them;
// PaymentPlatform by its own schema.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/operator/kinds.hpp"

namespace sim {

enum class Merge : unsigned char {
  Fields,    // an object: field by field
  Whole,     // a scalar, or a list or object that is replaced as one
  Set,       // a list of scalars that are each there or not
  Keyed,     // a list of objects that are told apart by keys
};

/// A place in an object's type. Holds views: the names must outlive it.
class Type {
 public:
  [[nodiscard]] static Type of(const Object& root);

  [[nodiscard]] Type member(std::string_view name) const;
  [[nodiscard]] Type item() const;
  [[nodiscard]] Merge merge(const Object& value) const;
  /// Of a Keyed list.
  [[nodiscard]] const std::vector<std::string>& keys() const;

 private:
  const Object* schema_ = nullptr;     // of a custom resource
  bool custom_ = false;
  bool item_ = false;
  std::string_view name_;
  std::string_view parent_;
};

/// The keys of a list's item as fieldsV1 writes them: {"containerPort":8080,"protocol":"TCP"}.
[[nodiscard]] std::string key_text(const Object& item, const Type& list);

/// The schema that the definition gives the API server for PaymentPlatform.
[[nodiscard]] const Object& platform_schema();

}  // namespace sim
