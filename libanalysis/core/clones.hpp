#pragma once
// Own kernels are compiled for three instruction sets and chosen when the program is loaded, so that one portable binary
// uses what the processor has. Use it on plain loops in an anonymous namespace.

// Sanitizers instrument the resolvers, which run before the sanitizer's own set-up.
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define ASSAY_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define ASSAY_CLONES
#endif
