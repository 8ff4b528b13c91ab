# One folder = one target = one list of what it may use. tests/arrows checks that includes obey the lists.

add_library(assay_options INTERFACE)
set(host $<COMPILE_LANGUAGE:C,CXX>)   # device code has its own options: libanalysis/engine/cuda/CMakeLists.txt
target_compile_options(assay_options INTERFACE "$<${host}:-Wall;-Wextra;-Wpedantic;-Wshadow;-Wnon-virtual-dtor;-Woverloaded-virtual>")
# g++ 12 warns falsely of overlap in `"text" + std::string(...)` (GCC bug 105651).
target_compile_options(assay_options INTERFACE $<$<AND:${host},$<CXX_COMPILER_ID:GNU>>:-Wno-restrict>)
if(ASSAY_WERROR)
  target_compile_options(assay_options INTERFACE $<${host}:-Werror>)
endif()
if(ASSAY_SANITIZE)
  target_compile_options(assay_options INTERFACE "$<${host}:-fsanitize=${ASSAY_SANITIZE};-fno-omit-frame-pointer;-fno-sanitize-recover=all>")
  # Under sanitizers g++ 12 warns falsely of uninitialised members inside boost::optional.
  target_compile_options(assay_options INTERFACE "$<$<AND:${host},$<CXX_COMPILER_ID:GNU>>:-Wno-uninitialized;-Wno-maybe-uninitialized>")
  target_link_options(assay_options INTERFACE -fsanitize=${ASSAY_SANITIZE})
endif()

# assay_library(<folder> [SOURCES file...] [USES folder...] [LINK library...])
# Builds assay_<folder> from the folder's own .cpp files (or SOURCES). USES names project folders and is the whole list of
# what the folder may include, transitively; LINK names other libraries.
function(assay_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;USES;LINK;PRIVATE" ${ARGN})
  if(NOT arg_SOURCES)
    file(GLOB_RECURSE arg_SOURCES CONFIGURE_DEPENDS *.cpp)
  endif()
  if(NOT arg_SOURCES)   # headers alone: an empty archive keeps the folder a library like the others
    file(TOUCH ${CMAKE_CURRENT_BINARY_DIR}/headers_only.cpp)
    set(arg_SOURCES ${CMAKE_CURRENT_BINARY_DIR}/headers_only.cpp)
  endif()
  add_library(assay_${name} STATIC ${arg_SOURCES})
  add_library(assay::${name} ALIAS assay_${name})
  target_include_directories(assay_${name} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:include/assay>)
  target_compile_features(assay_${name} PUBLIC cxx_std_20)
  list(TRANSFORM arg_USES PREPEND assay_ OUTPUT_VARIABLE uses)
  target_link_libraries(assay_${name} PUBLIC ${uses} ${arg_LINK} PRIVATE $<BUILD_INTERFACE:assay_options> ${arg_PRIVATE})
  string(JOIN " " arrow ${arg_USES})
  set_property(GLOBAL APPEND PROPERTY ASSAY_ARROWS "${name}: ${arrow}")
  set_target_properties(assay_${name} PROPERTIES EXPORT_NAME ${name})
  install(TARGETS assay_${name} EXPORT AssayTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
endfunction()

# Builds every test program and what it needs, and nothing else.
add_custom_target(assay_tests)

# Half the compile time of a test would go into optimising what runs for milliseconds. What it calls is optimised as it ships.
set(ASSAY_TEST_OPTIONS $<$<CONFIG:Release>:-O1> $<$<CONFIG:RelWithDebInfo>:-O0>)

# assay_test(<name> SOURCES file... USES folder... [LABELS label...] [PREFIX prefix] [WHOLE]): one GoogleTest program, each test known to
# ctest, with the prefix before its name where another program has a test of the same name. WHOLE: the program is one test to ctest, for
# so many short tests that starting it for each would take most of the time.
function(assay_test name)
  cmake_parse_arguments(arg "WHOLE" "TIMEOUT;PREFIX" "SOURCES;USES;LINK;LABELS" ${ARGN})
  add_executable(${name}_test ${arg_SOURCES})
  list(TRANSFORM arg_USES PREPEND assay_ OUTPUT_VARIABLE uses)
  target_compile_options(${name}_test PRIVATE ${ASSAY_TEST_OPTIONS})
  target_link_libraries(${name}_test PRIVATE ${uses} ${arg_LINK} assay_test_support assay_options GTest::gtest GTest::gtest_main GTest::gmock)
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  add_dependencies(assay_tests ${name}_test)
  if(arg_WHOLE)
    add_test(NAME ${name} COMMAND ${name}_test)
    set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}")
    return()
  endif()
  gtest_discover_tests(${name}_test DISCOVERY_TIMEOUT 60 TEST_PREFIX "${arg_PREFIX}" PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}")
endfunction()
