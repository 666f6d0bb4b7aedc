// Carries the precompiled headers of the libraries; see House.cmake.
