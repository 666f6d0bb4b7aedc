# Folder = namespace = target. A room's CMakeLists.txt is one call; a new file in the folder needs no edit.

# All unit tests, and those of code that has threads: what the sanitizer presets build.
add_custom_target(house_unit_tests)
add_custom_target(house_threaded_tests)

# What nearly every file includes is parsed once, but for sanitizers, which compile files together (docs/adr says what both save).
# -fpch-preprocess: for ccache. array-bounds and restrict: g++ 12 sees them in std::string's operator+ when the header is precompiled.
set(house_library_options -fpch-preprocess -Wno-array-bounds -Wno-restrict)
if(HOUSE_SANITIZER STREQUAL "")
  add_library(house_headers OBJECT ${CMAKE_SOURCE_DIR}/cmake/headers.cpp)
  target_link_libraries(house_headers PRIVATE fmt::fmt house_warnings)
  target_compile_options(house_headers PRIVATE ${house_library_options})
  target_precompile_headers(house_headers PRIVATE
    <algorithm> <chrono> <functional> <map> <memory> <optional> <string> <vector> <fmt/format.h> <nlohmann/json.hpp>)
endif()

# Under a sanitizer, the files of a folder are compiled a few at a time: the templates that they share are instrumented once, which takes less
# than half of the processor time. Elsewhere each is alone, so that a missing #include shows.
set(house_together_files_max 6)
function(house_together out)
  if(HOUSE_SANITIZER STREQUAL "")
    return()
  endif()
  list(LENGTH ARGN files)
  set(units "")
  set(text "")
  foreach(source ${ARGN})
    file(RELATIVE_PATH path ${CMAKE_SOURCE_DIR} ${source})
    string(APPEND text "#include \"${path}\"\n")      # relative, so that ccache knows it in another checkout
    math(EXPR taken "${taken} + 1")
    math(EXPR full "${taken} % ${house_together_files_max}")
    if(full EQUAL 0 OR taken EQUAL files)
      set(unit ${CMAKE_CURRENT_BINARY_DIR}/together_${taken}.cpp)
      file(CONFIGURE OUTPUT ${unit} CONTENT "${text}" @ONLY)
      list(APPEND units ${unit})
      set(text "")
    endif()
  endforeach()
  # It warns of types in headers that use an anonymous namespace, and takes the files included here for headers.
  set_source_files_properties(${units} PROPERTIES COMPILE_OPTIONS -Wno-subobject-linkage)
  set(${out} ${units} PARENT_SCOPE)
endfunction()

# house_library(<target> [THREADED] [DEPS <targets>...] [TEST_DEPS <targets>...] [TEST_SHARDS n]): *.cpp of this folder make the library
# <target>; *_test.cpp make the program <target>_test, *_bench.cpp make <target>_bench. THREADED: its tests also run under tsan.
function(house_library target)
  cmake_parse_arguments(ARG "THREADED" "TEST_SHARDS" "DEPS;TEST_DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  set(tests ${sources})
  set(benches ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER benches INCLUDE REGEX "_bench\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "(_test|_bench|/main)\\.cpp$")

  if(sources)
    house_together(sources ${sources})
    add_library(${target} STATIC ${sources})
    target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR})
    target_link_libraries(${target} PUBLIC ${ARG_DEPS} PRIVATE house_warnings)
    if(HOUSE_SANITIZER STREQUAL "")
      target_link_libraries(${target} PRIVATE fmt::fmt)
      target_precompile_headers(${target} REUSE_FROM house_headers)
      target_compile_options(${target} PRIVATE ${house_library_options})
    endif()
  else()
    add_library(${target} INTERFACE)
    target_include_directories(${target} INTERFACE ${CMAKE_SOURCE_DIR})
    target_link_libraries(${target} INTERFACE ${ARG_DEPS})
  endif()

  if(tests AND BUILD_TESTING AND NOT HOUSE_FUZZ)
    set(label unit)
    if(ARG_THREADED)
      list(APPEND label threads)
    endif()
    house_test(${target}_test LABELS ${label} SOURCES ${tests} DEPS ${target} ${ARG_TEST_DEPS} SHARDS ${ARG_TEST_SHARDS})
  endif()
  if(benches AND BUILD_TESTING AND NOT HOUSE_FUZZ)
    add_executable(${target}_bench ${benches})
    # Benchmarks use the fakes of the tests too, which make assertions.
    target_link_libraries(${target}_bench PRIVATE ${target} ${ARG_TEST_DEPS} benchmark::benchmark_main GTest::gtest house_warnings)
  endif()
endfunction()

# What nearly every test includes is parsed once (docs/adr says what it saves). -O0: a test's own code is compiled more often than it
# runs, and the libraries under test stay as they ship. -fpch-preprocess: for ccache.
set(house_test_options -O0 -U_FORTIFY_SOURCE -fpch-preprocess)
if(BUILD_TESTING AND NOT HOUSE_FUZZ)
  add_library(house_test_headers OBJECT ${CMAKE_SOURCE_DIR}/cmake/test_headers.cpp)
  target_link_libraries(house_test_headers PRIVATE GTest::gmock fmt::fmt house_warnings)
  target_compile_options(house_test_headers PRIVATE ${house_test_options})
  target_precompile_headers(house_test_headers PRIVATE
    <algorithm> <chrono> <functional> <map> <memory> <optional> <string> <vector>
    <fmt/format.h> <gmock/gmock.h> <gtest/gtest.h> <nlohmann/json.hpp>)
endif()

# house_test(<target> SOURCES ... DEPS ... [LABELS unit|threads|integration ...] [SHARDS n]): one GoogleTest program, one ctest entry.
# SHARDS: entries that each run a part of its tests, for a program that others would wait for.
function(house_test target)
  cmake_parse_arguments(ARG "" "SHARDS" "SOURCES;DEPS;LABELS" ${ARGN})
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  add_executable(${target} ${ARG_SOURCES})
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${target} PRIVATE ${ARG_DEPS} GTest::gmock GTest::gtest_main house_warnings)
  # Of an inline function that both hold, the linker keeps the first it meets. The libraries' are the optimised ones, so they go before
  # the test's own objects; a test of controllers/platform runs in a third of the time.
  foreach(library ${ARG_DEPS})
    set(is_static $<STREQUAL:$<TARGET_PROPERTY:${library},TYPE>,STATIC_LIBRARY>)
    target_link_options(${target} PRIVATE $<${is_static}:LINKER:--whole-archive,$<TARGET_FILE:${library}>,--no-whole-archive>)
  endforeach()
  target_compile_definitions(${target} PRIVATE SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  target_compile_options(${target} PRIVATE ${house_test_options})
  target_precompile_headers(${target} REUSE_FROM house_test_headers)
  add_test(NAME ${target} COMMAND ${target} --gtest_brief=1)
  set_tests_properties(${target} PROPERTIES LABELS "${ARG_LABELS}")
  if(ARG_SHARDS)
    set_tests_properties(${target} PROPERTIES ENVIRONMENT "GTEST_TOTAL_SHARDS=${ARG_SHARDS};GTEST_SHARD_INDEX=0")
    foreach(shard RANGE 2 ${ARG_SHARDS})
      math(EXPR index "${shard} - 1")
      add_test(NAME ${target}_${shard} COMMAND ${target} --gtest_brief=1)
      set_tests_properties(${target}_${shard} PROPERTIES LABELS "${ARG_LABELS}"
        ENVIRONMENT "GTEST_TOTAL_SHARDS=${ARG_SHARDS};GTEST_SHARD_INDEX=${index}")
    endforeach()
  endif()
  if("unit" IN_LIST ARG_LABELS)
    add_dependencies(house_unit_tests ${target})
    # Built by those who run them: `make test` does so under sanitizers only, where the same tests find more.
    set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()
  if("threads" IN_LIST ARG_LABELS)
    add_dependencies(house_threaded_tests ${target})
  endif()
endfunction()

# house_program(<name> DEPS ...): main.cpp of this folder, which only wires.
function(house_program name)
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  string(REPLACE "-" "_" target ${name}_program)
  add_executable(${target} ${CMAKE_CURRENT_SOURCE_DIR}/main.cpp)
  set_target_properties(${target} PROPERTIES OUTPUT_NAME ${name})
  target_link_libraries(${target} PRIVATE ${ARG_DEPS} house_warnings)
endfunction()
