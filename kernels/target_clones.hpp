/// SEMBLANCE_CLONES compiles a function once for each of the usual instruction sets; the loader
/// picks. x86-64-v3 and v4 both have fused multiply-add, so loops without sums across vector lanes
/// give the same bits on either. (Not under sanitizers, whose start-up runs before such functions
/// can be picked.)
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
/// Stands before a function definition.
#define SEMBLANCE_CLONES \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define SEMBLANCE_CLONES
#endif
