// The shape of every component room: what we want, and how it is doing.
#pragma once

#include <vector>

#include "controllers/component/context.hpp"

namespace controllers {

/// Objects to apply, in an order that people would choose.
using Objects = std::vector<Object>;

inline void append(Objects& to, Objects more) {
  for (Object& object : more) to.push_back(std::move(object));
}

}  // namespace controllers
