// Assertions stay on in production: a broken invariant in a money path must stop the process, not continue.
// Only for what the program itself guarantees; never for anything that the outside world controls.
#pragma once

namespace base {
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);
}  // namespace base

// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): needs the expression's text and place
#define BASE_ASSERT(expression) \
  (static_cast<bool>(expression) ? static_cast<void>(0) : ::base::assertion_failed(#expression, __FILE__, __LINE__))
