#include "libanalysis/core/instruction_set.hpp"

namespace assay {

std::string_view instruction_set() {
#if defined(__x86_64__)
    // oneDNN and OpenBLAS ask for these four parts before they call a machine AVX-512; AVX2 is of use only with FMA.
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
        return "avx512";
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "avx2";
#endif
    return "baseline";
}

}  // namespace assay
