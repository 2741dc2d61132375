# Compiler settings of all C++ code, and the two shapes a folder can have: a library and its unit test.

add_library(ballast_options INTERFACE)
target_include_directories(ballast_options INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR})
target_compile_options(ballast_options INTERFACE -Wall -Wextra -Wshadow -Wpedantic -Werror)
if(BALLAST_SANITIZE)
  target_compile_options(ballast_options INTERFACE -fsanitize=${BALLAST_SANITIZE} -fno-omit-frame-pointer
                                                   -fno-sanitize-recover=undefined)
  target_link_options(ballast_options INTERFACE -fsanitize=${BALLAST_SANITIZE})
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(ballast_options INTERFACE -Xclang -fno-pch-timestamp)
endif()
if(BALLAST_FUZZ)
  target_compile_options(ballast_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(BALLAST_TIDY)
  find_program(CLANG_TIDY NAMES clang-tidy-19 clang-tidy REQUIRED)
  set(CMAKE_CXX_CLANG_TIDY ${CLANG_TIDY})
endif()

# Half of what compiling takes is reading these headers; so they are read once, with gtest's for the tests. Files include
# what they use all the same. CMAKE_DISABLE_PRECOMPILE_HEADERS does without.
find_package(fmt REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(GTest REQUIRED)
file(WRITE ${CMAKE_BINARY_DIR}/nothing.cc "")
set(frequent_headers <algorithm> <array> <charconv> <chrono> <expected> <fstream> <functional> <map> <memory>
    <optional> <random> <set> <span> <sstream> <string> <string_view> <thread> <utility> <variant> <vector> <fmt/format.h>
    <fmt/ranges.h> <boost/asio/any_io_executor.hpp> <boost/asio/awaitable.hpp> <boost/asio/co_spawn.hpp>
    <boost/asio/io_context.hpp> <boost/asio/ip/tcp.hpp> <boost/asio/steady_timer.hpp> <boost/asio/use_awaitable.hpp>
    <boost/asio/write.hpp> <boost/asio/experimental/awaitable_operators.hpp> <boost/json.hpp>)
# ballast_precompiled(NAME HEADERS...): a target whose precompiled headers others can use.
function(ballast_precompiled name)
  add_library(${name} OBJECT EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/nothing.cc)
  target_link_libraries(${name} PRIVATE ballast_options fmt::fmt Boost::json GTest::gmock)
  target_precompile_headers(${name} PRIVATE ${ARGN})
  # A precompiled header names the files that it was made of: another checkout's is of no use.
  set_target_properties(${name} PROPERTIES CXX_COMPILER_LAUNCHER "")
endfunction()
ballast_precompiled(precompiled_headers ${frequent_headers})
ballast_precompiled(precompiled_test_headers ${frequent_headers} <gtest/gtest.h> <gmock/gmock.h>)

# ballast_library(NAME DEPENDENCIES...): the library ballast_NAME from every .cc of this folder.
function(ballast_library name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  add_library(ballast_${name} STATIC ${sources})
  target_link_libraries(ballast_${name} PUBLIC ballast_options ${ARGN})
  target_precompile_headers(ballast_${name} REUSE_FROM precompiled_headers)
endfunction()

# ballast_unit_test(NAME DEPENDENCIES...): the test program unit_NAME from every .cc of tests/unit/NAME.
function(ballast_unit_test name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cc)
  add_executable(unit_${name} ${sources})
  target_compile_definitions(unit_${name} PRIVATE BALLAST_TEST_DIRECTORY="${CMAKE_SOURCE_DIR}/tests")
  target_link_libraries(unit_${name} PRIVATE ${ARGN} GTest::gtest_main GTest::gmock)
  target_precompile_headers(unit_${name} REUSE_FROM precompiled_test_headers)
  gtest_discover_tests(unit_${name} TEST_PREFIX "${name}: " DISCOVERY_MODE PRE_TEST)
endfunction()
