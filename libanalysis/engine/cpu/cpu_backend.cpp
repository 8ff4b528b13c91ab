#include "libanalysis/engine/cpu/cpu_backend.hpp"

#include "libanalysis/core/error.hpp"

#include <cblas.h>
#include <omp.h>

#include <string>

namespace assay::engine {

namespace {

/// A pthread or serial OpenBLAS ignores OpenMP's thread count: its pool would fight with our threads.
void require_openmp_blas() {
    constexpr int openmp = 2;   // openblas_get_parallel(): 0 sequential, 1 pthread, 2 OpenMP
    const int found = openblas_get_parallel();
    if (found == openmp) return;
    throw Error(ErrorKind::resource,
                {"OpenBLAS", "the build that uses OpenMP", std::string(found == 0 ? "the serial build (" : "the pthread build (") + openblas_get_config() + ")",
                 "Install libopenblas0-openmp and let the loader find it first (LD_LIBRARY_PATH, or update-alternatives --config "
                 "libblas.so.3 and liblapack.so.3)."});
}

}  // namespace

std::unique_ptr<Backend> make_cpu_backend() {
    require_openmp_blas();
    return std::make_unique<cpu::CpuBackend>(std::make_shared<cpu::LanePool>());
}

void make_thread_serial() { omp_set_num_threads(1); }

}  // namespace assay::engine
