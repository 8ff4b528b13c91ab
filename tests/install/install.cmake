# Installs BUILD into SCRATCH/prefix and builds and runs CONSUMER against it. Fails at the first step that fails.
cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE failed OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(failed)
    message(FATAL_ERROR "failed: ${ARGN}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

set(prefix ${SCRATCH}/prefix)
file(REMOVE_RECURSE ${SCRATCH})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${prefix})

foreach(file bin/assay include/assay/libanalysis/core/error.hpp include/assay/formats/format.hpp share/doc/assay/LICENSE)
  if(NOT EXISTS ${prefix}/${file})
    message(FATAL_ERROR "not installed: ${file}")
  endif()
endforeach()

# The package must work when the source and build trees are gone, and on a machine that keeps its libraries elsewhere.
file(GLOB_RECURSE package_files ${prefix}/lib/*.cmake)
foreach(file IN LISTS package_files)
  file(STRINGS ${file} leaks REGEX "${SOURCE}|${BUILD}|/usr/include/[a-z]|/usr/lib/[a-z0-9_]+-linux-gnu/[a-z]+.*\\.so")
  if(leaks)
    message(FATAL_ERROR "${file} names paths of the building machine:\n${leaks}")
  endif()
endforeach()

# The loader takes the OpenMP OpenBLAS after the installation too.
run(ldd ${prefix}/bin/assay)
if(output MATCHES "libopenblas" AND NOT output MATCHES "openblas-openmp/libopenblas")
  message(FATAL_ERROR "the installed program loads another OpenBLAS:\n${output}")
endif()

# A program with CUDA starts where nothing of CUDA is installed.
if(CUDA AND output MATCHES "lib(cuda|cudart|cublas|cublasLt|cusolver|cudnn|nvrtc)[^ \n]*[.]so")
  message(FATAL_ERROR "the installed program is linked with a library of CUDA (${CMAKE_MATCH_0}):\n${output}")
endif()

run(${CMAKE_COMMAND} -S ${CONSUMER} -B ${SCRATCH}/build -DCMAKE_PREFIX_PATH=${prefix} -DCMAKE_CXX_COMPILER=${COMPILER}
    -DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER} -DCMAKE_BUILD_TYPE=${BUILD_TYPE} -DEXPECTED_VERSION=${VERSION} -G Ninja)
run(${CMAKE_COMMAND} --build ${SCRATCH}/build)
run(${SCRATCH}/build/consumer ${SCRATCH}/nothing.h5)
string(REGEX MATCH "^[0-9]+[.][0-9]+" toolkit "${CUDA}")   # built without: nothing
if(NOT output MATCHES "^ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad 144 cuda ${toolkit} missing\n$")
  message(FATAL_ERROR "the consumer printed:\n${output}")
endif()
file(REMOVE_RECURSE ${SCRATCH})
