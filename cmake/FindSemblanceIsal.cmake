# ISA-L (libisal-dev): fast inflate and deflate. Optional: without it zlib does the work.
# Target: semblance::isal
find_path(SemblanceIsal_INCLUDE isa-l/igzip_lib.h)
find_library(SemblanceIsal_LIBRARY isal)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(SemblanceIsal REQUIRED_VARS SemblanceIsal_LIBRARY SemblanceIsal_INCLUDE)
if(SemblanceIsal_FOUND)
  add_library(semblance::isal UNKNOWN IMPORTED)
  set_target_properties(semblance::isal PROPERTIES IMPORTED_LOCATION ${SemblanceIsal_LIBRARY})
  target_include_directories(semblance::isal SYSTEM INTERFACE ${SemblanceIsal_INCLUDE})
endif()
