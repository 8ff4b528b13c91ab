# cmake -DSOURCE=<tree> -DOUTPUT=<file.cpp> -DGIT=<git> -P git_hash.cmake
# Runs in every build, but touches the file only when the answer changes, so that nothing else is built again.
cmake_minimum_required(VERSION 3.25)
set(hash "unknown")
if(GIT AND EXISTS ${SOURCE}/.git)
  execute_process(COMMAND ${CMAKE_COMMAND} -E env GIT_OPTIONAL_LOCKS=0
                          ${GIT} describe --always --abbrev=12 --dirty --exclude=*
                  WORKING_DIRECTORY ${SOURCE} OUTPUT_VARIABLE answer OUTPUT_STRIP_TRAILING_WHITESPACE
                  RESULT_VARIABLE failed ERROR_QUIET)
  if(NOT failed)
    set(hash "${answer}")
  endif()
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "namespace assay { extern const char git_hash[]; const char git_hash[] = \"@hash@\"; }\n" @ONLY)
