// A place in an object, as a chain of steps on the stack of whoever walks through it. It costs nothing until somebody has to be told.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controllers/object/merge_keys.hpp"

namespace controllers::object {

class Where {
 public:
  Where() = default;      // the object itself
  Where(const Where& before, std::string_view member) : before_(&before), text_(member) {}
  /// An item of a list that is told from the others by these keys.
  Where(const Where& before, const Object& item, const std::vector<std::string_view>& keys)
      : before_(&before),
        item_(&item),
        keys_(&keys) {}
  /// An item of a list, by its number or by whatever else stands in the brackets.
  static Where item(const Where& before, std::string_view in_brackets) {
    Where where(before, in_brackets);
    where.brackets_ = true;
    return where;
  }

  /// "spec.containers[name=redis].image"
  [[nodiscard]] std::string text() const {
    if (before_ == nullptr) return {};
    std::string path = before_->text();
    if (item_ != nullptr) return path + key_text(*item_, *keys_);
    if (brackets_) return path.append("[").append(text_).append("]");
    if (!path.empty()) path += '.';
    return path.append(text_);
  }

 private:
  const Where* before_ = nullptr;
  std::string_view text_;
  bool brackets_ = false;
  const Object* item_ = nullptr;
  const std::vector<std::string_view>* keys_ = nullptr;
};

}  // namespace controllers::object
