// Carries the precompiled headers of the tests; see House.cmake.
