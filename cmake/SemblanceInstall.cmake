# cmake --install: the program, the libraries, their headers and a package for find_package(Semblance).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
