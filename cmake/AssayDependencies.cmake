# Every library that Assay links, found once. docs/dependencies.md says why each is here.
find_package(Threads REQUIRED)
find_package(Boost 1.74 REQUIRED COMPONENTS program_options)   # graph: headers only
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
find_package(fmt REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(SQLite3 REQUIRED)
find_package(HDF5 REQUIRED COMPONENTS C)
find_package(Protobuf REQUIRED)
find_path(SPECTRA_INCLUDE_DIR Spectra/SymEigsSolver.h REQUIRED)
find_library(DNNL_LIBRARY dnnl REQUIRED)
find_path(DNNL_INCLUDE_DIR oneapi/dnnl/dnnl.hpp REQUIRED)

# The OpenMP build of OpenBLAS, by its own path: Debian's alternatives would choose another build at run time, and a
# pthread BLAS inside an OpenMP program loses a factor of three to five. The rpath makes the loader take this one.
find_path(OPENBLAS_INCLUDE_DIR cblas.h PATH_SUFFIXES openblas-openmp PATHS /usr/include/${CMAKE_LIBRARY_ARCHITECTURE}
          NO_DEFAULT_PATH REQUIRED)
find_library(OPENBLAS_LIBRARY openblas PATHS /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/openblas-openmp NO_DEFAULT_PATH REQUIRED)
get_filename_component(OPENBLAS_DIRECTORY ${OPENBLAS_LIBRARY} DIRECTORY)
set(CMAKE_BUILD_RPATH ${OPENBLAS_DIRECTORY})
set(CMAKE_INSTALL_RPATH ${OPENBLAS_DIRECTORY})

function(assay_imported name)
  cmake_parse_arguments(arg "" "" "INCLUDE;LINK" ${ARGN})
  add_library(assay_${name} INTERFACE)
  add_library(assay::${name} ALIAS assay_${name})
  target_include_directories(assay_${name} SYSTEM INTERFACE ${arg_INCLUDE})
  target_link_libraries(assay_${name} INTERFACE ${arg_LINK})
  install(TARGETS assay_${name} EXPORT AssayTargets)
endfunction()

assay_imported(hdf5     INCLUDE ${HDF5_C_INCLUDE_DIRS}   LINK ${HDF5_C_LIBRARIES})
assay_imported(dnnl     INCLUDE ${DNNL_INCLUDE_DIR}      LINK ${DNNL_LIBRARY})
assay_imported(openblas INCLUDE ${OPENBLAS_INCLUDE_DIR}  LINK ${OPENBLAS_LIBRARY})
assay_imported(spectra  INCLUDE ${SPECTRA_INCLUDE_DIR}   LINK Eigen3::Eigen)

# The report's charts: the script is embedded into the library, so that a report is one file and needs nothing at run time.
find_file(D3_SCRIPT d3.min.js PATHS /usr/share/javascript/d3 NO_DEFAULT_PATH)
if(NOT D3_SCRIPT)
  message(FATAL_ERROR "d3.min.js (D3 version 3) was not found in /usr/share/javascript/d3. Install the package libjs-d3, or give "
                      "-DD3_SCRIPT=<path of d3.min.js>.")
endif()
