# Warnings are errors from the first day; library assertions stay on in what ships.
add_library(house_warnings INTERFACE)
target_compile_options(house_warnings INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Werror
  -fstack-protector-strong -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Maybe-uninitialized and mismatched-new-delete fire inside coroutine frames of g++ 12 (Asio gives frames an allocator of its own) and
  # inside Boost's headers, never on our own code so far.
  target_compile_options(house_warnings INTERFACE -fcoroutines -Wno-maybe-uninitialized -Wno-mismatched-new-delete)
endif()
target_compile_definitions(house_warnings INTERFACE
  _GLIBCXX_ASSERTIONS
  BOOST_ASIO_NO_DEPRECATED
  BOOST_BEAST_USE_STD_STRING_VIEW)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_definitions(house_warnings INTERFACE _FORTIFY_SOURCE=2)
endif()
# -DNDEBUG would silence assert(); base/assert.hpp does not depend on it, but third-party headers do.
string(REPLACE "-O3" "-O2" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")
