# XGBoost's C API: the header from the system (libxgboost-dev), the library from the xgboost wheel
# when there is one (newer), else from the system.
# Target: semblance::xgboost
find_path(SemblanceXgboost_INCLUDE xgboost/c_api.h)
find_library(SemblanceXgboost_LIBRARY xgboost HINTS ${SEMBLANCE_SITE_PACKAGES}/xgboost/lib)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(SemblanceXgboost REQUIRED_VARS SemblanceXgboost_INCLUDE SemblanceXgboost_LIBRARY)
if(SemblanceXgboost_FOUND)
  add_library(semblance::xgboost SHARED IMPORTED)
  set_target_properties(semblance::xgboost PROPERTIES IMPORTED_LOCATION ${SemblanceXgboost_LIBRARY})
  target_include_directories(semblance::xgboost SYSTEM INTERFACE ${SemblanceXgboost_INCLUDE})
endif()
