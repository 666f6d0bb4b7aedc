# Folder = namespace = target. A room's CMakeLists.txt is one call; a new file in the folder needs no edit.

# house_library(<target> [DEPS <targets>...]): *.cpp of this folder make the library <target>;
# *_test.cpp make the program <target>_test, *_bench.cpp make <target>_bench.
function(house_library target)
  cmake_parse_arguments(ARG "" "" "DEPS;TEST_DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  set(tests ${sources})
  set(benches ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER benches INCLUDE REGEX "_bench\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "(_test|_bench|/main)\\.cpp$")

  if(sources)
    add_library(${target} STATIC ${sources})
    target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR})
    target_link_libraries(${target} PUBLIC ${ARG_DEPS} PRIVATE house_warnings)
  else()
    add_library(${target} INTERFACE)
    target_include_directories(${target} INTERFACE ${CMAKE_SOURCE_DIR})
    target_link_libraries(${target} INTERFACE ${ARG_DEPS})
  endif()

  if(tests AND NOT HOUSE_FUZZ)
    house_test(${target}_test SOURCES ${tests} DEPS ${target} ${ARG_TEST_DEPS})
  endif()
  if(benches AND NOT HOUSE_FUZZ)
    add_executable(${target}_bench ${benches})
    target_link_libraries(${target}_bench PRIVATE ${target} benchmark::benchmark_main house_warnings)
  endif()
endfunction()

# house_test(<target> SOURCES ... DEPS ... [LABEL unit|integration]): one GoogleTest program, one ctest entry.
function(house_test target)
  cmake_parse_arguments(ARG "" "LABEL" "SOURCES;DEPS" ${ARGN})
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  add_executable(${target} ${ARG_SOURCES})
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${target} PRIVATE ${ARG_DEPS} GTest::gmock GTest::gtest_main house_warnings)
  target_compile_definitions(${target} PRIVATE SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  add_test(NAME ${target} COMMAND ${target} --gtest_brief=1)
  set_tests_properties(${target} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT 300)
endfunction()

# house_program(<name> DEPS ...): main.cpp of this folder, which only wires.
function(house_program name)
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  string(REPLACE "-" "_" target ${name}_program)
  add_executable(${target} ${CMAKE_CURRENT_SOURCE_DIR}/main.cpp)
  set_target_properties(${target} PROPERTIES OUTPUT_NAME ${name})
  target_link_libraries(${target} PRIVATE ${ARG_DEPS} house_warnings)
endfunction()
