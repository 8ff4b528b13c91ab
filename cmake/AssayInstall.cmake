# The installed package: headers as they are spelled in includes, static libraries, program, licence, and a CMake package
# whose target Assay::assay is everything.
include(CMakePackageConfigHelpers)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/Assay)

install(DIRECTORY libanalysis formats DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/assay
        FILES_MATCHING PATTERN "*.hpp" PATTERN "*.def")
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/assay)
install(EXPORT AssayTargets NAMESPACE Assay:: DESTINATION ${package_folder})

get_property(arrows GLOBAL PROPERTY ASSAY_ARROWS)
set(ASSAY_FOLDERS "")
foreach(arrow IN LISTS arrows)
  if(arrow MATCHES "^([a-z_]+):")
    list(APPEND ASSAY_FOLDERS Assay::${CMAKE_MATCH_1})
  endif()
endforeach()
configure_package_config_file(cmake/AssayConfig.cmake.in ${PROJECT_BINARY_DIR}/package/AssayConfig.cmake
                              INSTALL_DESTINATION ${package_folder} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/package/AssayConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/package/AssayConfig.cmake ${PROJECT_BINARY_DIR}/package/AssayConfigVersion.cmake
              cmake/AssayDependencies.cmake DESTINATION ${package_folder})
