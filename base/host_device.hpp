/// SEMBLANCE_HD marks a function that runs on the host and, when compiled by nvcc, on the device
/// too.
#pragma once

#ifdef __CUDACC__
/// Stands before the return type. Such a function takes views by value and uses no std::
/// containers, no exceptions.
#define SEMBLANCE_HD __host__ __device__
#else
#define SEMBLANCE_HD
#endif
