# Every library that Assay links, found once, by the project itself and by those who use its installed package (which
# carries this file, so that no path of the building machine travels). docs/dependencies.md says why each is here.
include(CMakeFindDependencyMacro)
macro(assay_find)
  if(CMAKE_FIND_PACKAGE_NAME STREQUAL "Assay")
    find_dependency(${ARGN})
  else()
    find_package(${ARGN} REQUIRED)
  endif()
endmacro()

assay_find(Threads)
assay_find(Boost 1.74 COMPONENTS program_options)   # graph: headers only
assay_find(Eigen3 3.4 NO_MODULE)
assay_find(fmt)
assay_find(nlohmann_json 3.11)
assay_find(OpenSSL COMPONENTS Crypto)
assay_find(SQLite3)
assay_find(Protobuf)
assay_find(liblzf)

# CMake's own FindHDF5 wants a C compiler enabled in every project that uses Assay, and links what libhdf5 already links.
find_path(HDF5_INCLUDE_DIR hdf5.h PATH_SUFFIXES hdf5/serial REQUIRED)
find_library(HDF5_LIBRARY hdf5 PATHS /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/hdf5/serial REQUIRED)
# libzip's own package for CMake names programs that libzip-dev does not bring.
find_path(ZIP_INCLUDE_DIR zip.h REQUIRED)
find_library(ZIP_LIBRARY zip REQUIRED)
find_path(SPECTRA_INCLUDE_DIR Spectra/SymEigsSolver.h REQUIRED)
find_library(DNNL_LIBRARY dnnl REQUIRED)
find_path(DNNL_INCLUDE_DIR oneapi/dnnl/dnnl.hpp REQUIRED)
find_library(XGBOOST_LIBRARY xgboost REQUIRED)
find_path(XGBOOST_INCLUDE_DIR xgboost/c_api.h REQUIRED)

# The OpenMP build of OpenBLAS, by its own path: Debian's alternatives would choose another build at run time, and a
# pthread BLAS inside an OpenMP program loses a factor of three to five. The rpath makes the loader take this one.
find_path(OPENBLAS_INCLUDE_DIR cblas.h PATH_SUFFIXES openblas-openmp PATHS /usr/include/${CMAKE_LIBRARY_ARCHITECTURE}
          NO_DEFAULT_PATH REQUIRED)
find_library(OPENBLAS_LIBRARY openblas PATHS /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/openblas-openmp NO_DEFAULT_PATH REQUIRED)
get_filename_component(OPENBLAS_DIRECTORY ${OPENBLAS_LIBRARY} DIRECTORY)

# Libraries that bring no CMake target of their own. Imported, so that an export names them and does not spell them out.
function(assay_imported name)
  cmake_parse_arguments(arg "" "" "INCLUDE;LINK" ${ARGN})
  if(NOT TARGET assay_${name})
    add_library(assay_${name} INTERFACE IMPORTED GLOBAL)
    target_include_directories(assay_${name} SYSTEM INTERFACE ${arg_INCLUDE})
    target_link_libraries(assay_${name} INTERFACE ${arg_LINK})
  endif()
endfunction()

assay_imported(hdf5     INCLUDE ${HDF5_INCLUDE_DIR}      LINK ${HDF5_LIBRARY})
assay_imported(zip      INCLUDE ${ZIP_INCLUDE_DIR}       LINK ${ZIP_LIBRARY})
assay_imported(dnnl     INCLUDE ${DNNL_INCLUDE_DIR}      LINK ${DNNL_LIBRARY})
assay_imported(xgboost  INCLUDE ${XGBOOST_INCLUDE_DIR}   LINK ${XGBOOST_LIBRARY})
assay_imported(openblas INCLUDE ${OPENBLAS_INCLUDE_DIR}  LINK ${OPENBLAS_LIBRARY})
# Also after an installation; not in programs that carry their libraries with them (ASSAY_CARRIED), which must find those first.
target_link_options(assay_openblas INTERFACE $<$<NOT:$<BOOL:$<TARGET_PROPERTY:ASSAY_CARRIED>>>:LINKER:-rpath,${OPENBLAS_DIRECTORY}>)
assay_imported(spectra  INCLUDE ${SPECTRA_INCLUDE_DIR}   LINK Eigen3::Eigen)

# The report's charts: the script is embedded into the library, so that a report is one file and needs nothing at run time.
find_file(D3_SCRIPT d3.min.js PATHS /usr/share/javascript/d3 NO_DEFAULT_PATH)
if(NOT D3_SCRIPT)
  message(FATAL_ERROR "d3.min.js (D3 version 3) was not found in /usr/share/javascript/d3. Install the package libjs-d3, or give "
                      "-DD3_SCRIPT=<path of d3.min.js>.")
endif()
