# Compiler settings of all C++ code, and the two shapes a folder can have: a library and its unit test.

add_library(ballast_options INTERFACE)
target_include_directories(ballast_options INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR})
target_compile_options(ballast_options INTERFACE -Wall -Wextra -Wshadow -Wpedantic -Werror)
if(BALLAST_SANITIZE)
  target_compile_options(ballast_options INTERFACE -fsanitize=${BALLAST_SANITIZE} -fno-omit-frame-pointer
                                                   -fno-sanitize-recover=undefined)
  target_link_options(ballast_options INTERFACE -fsanitize=${BALLAST_SANITIZE})
endif()
if(BALLAST_FUZZ)
  target_compile_options(ballast_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(BALLAST_TIDY)
  find_program(CLANG_TIDY NAMES clang-tidy-19 clang-tidy REQUIRED)
  set(CMAKE_CXX_CLANG_TIDY ${CLANG_TIDY})
endif()

# ballast_library(NAME DEPENDENCIES...): the library ballast_NAME from every .cc of this folder.
function(ballast_library name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  add_library(ballast_${name} STATIC ${sources})
  target_link_libraries(ballast_${name} PUBLIC ballast_options ${ARGN})
endfunction()

# ballast_unit_test(NAME DEPENDENCIES...): the test program unit_NAME from every .cc of tests/unit/NAME.
function(ballast_unit_test name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cc)
  add_executable(unit_${name} ${sources})
  target_compile_definitions(unit_${name} PRIVATE BALLAST_TEST_DIRECTORY="${CMAKE_SOURCE_DIR}/tests")
  target_link_libraries(unit_${name} PRIVATE ${ARGN} GTest::gtest_main GTest::gmock)
  # What is tested is optimised; the tests themselves only have to be compiled, which takes half as long so.
  target_compile_options(unit_${name} PRIVATE -O0 -g1)
  gtest_discover_tests(unit_${name} TEST_PREFIX "${name}: " DISCOVERY_MODE PRE_TEST)
endfunction()
