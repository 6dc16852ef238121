# cmake --install: the program (unless only the kernels are built), the libraries for other programs,
# their headers and a package for find_package(Semblance).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

if(TARGET semblance)
  install(TARGETS semblance RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  # The program finds the libraries of the wheels where they were at build time. They are named one by
  # one because INSTALL_RPATH_USE_LINK_PATH leaves out folders below the source tree, such as .deps.
  set(semblance_rpath "")
  foreach(library c10 arrow_library xgboost)
    if(TARGET semblance::${library})
      get_target_property(location semblance::${library} IMPORTED_LOCATION)
      get_filename_component(folder ${location} DIRECTORY)
      list(APPEND semblance_rpath ${folder})
    endif()
  endforeach()
  set_target_properties(semblance PROPERTIES INSTALL_RPATH "${semblance_rpath}" INSTALL_RPATH_USE_LINK_PATH ON)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/recipes DESTINATION ${CMAKE_INSTALL_DATADIR}/semblance)
endif()

# The part for other programs: the kernels and the core they stand on. No HDF5, MPI, Arrow or LibTorch.
install(TARGETS semblance_core semblance_kernels EXPORT SemblanceTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
foreach(folder base kernels)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${folder}/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/semblance/${folder}
    FILES_MATCHING PATTERN "*.hpp")
endforeach()
foreach(library core kernels)
  target_include_directories(semblance_${library} INTERFACE
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/semblance>)
endforeach()

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/Semblance)
install(EXPORT SemblanceTargets NAMESPACE Semblance:: DESTINATION ${package_folder})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/SemblanceConfig.cmake.in
  ${PROJECT_BINARY_DIR}/SemblanceConfig.cmake INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/SemblanceConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/SemblanceConfig.cmake ${PROJECT_BINARY_DIR}/SemblanceConfigVersion.cmake
  DESTINATION ${package_folder})
