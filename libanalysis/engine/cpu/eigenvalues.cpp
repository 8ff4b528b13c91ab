// Eigenvalues of symmetric matrices, one after the other, by LAPACK.

#include "libanalysis/engine/cpu/cpu_backend.hpp"
#include "libanalysis/engine/parallel.hpp"
#include "libanalysis/engine/views.hpp"

#include <limits>
#include <string>
#include <vector>

extern "C" {
void ssyevd_(const char* job, const char* triangle, const int* n, float* a, const int* lda, float* w, float* work, const int* lwork, int* iwork,
             const int* liwork, int* info);
void dsyevd_(const char* job, const char* triangle, const int* n, double* a, const int* lda, double* w, double* work, const int* lwork, int* iwork,
             const int* liwork, int* info);
}

namespace assay::engine::cpu {

namespace {

void syevd(int n, float* a, float* w, std::vector<float>& work, int& iwork, int& info) {
    const int size = static_cast<int>(work.size()), one = 1;
    ssyevd_("N", "U", &n, a, &n, w, work.data(), &size, &iwork, &one, &info);
}

void syevd(int n, double* a, double* w, std::vector<double>& work, int& iwork, int& info) {
    const int size = static_cast<int>(work.size()), one = 1;
    dsyevd_("N", "U", &n, a, &n, w, work.data(), &size, &iwork, &one, &info);
}

}  // namespace

void CpuBackend::symmetric_eigenvalues(std::int64_t n, std::int64_t count, View matrices, View values) {
    views::require_symmetric(n, count, matrices, values);
    if (n == 0 || count == 0) return;
    constexpr std::int64_t most = std::numeric_limits<int>::max() / 64;
    if (n > most) throw Error(ErrorKind::unsupported, {"eigenvalues of a symmetric matrix", "an order of at most " + std::to_string(most), std::to_string(n)});
    views::with_float_of("symmetric_eigenvalues", [&]<class T>(T) {
        const SerialLibraries serial;
        std::vector<T> work(static_cast<std::size_t>(64 * n + 1));   // 2 n + 1 at least; more lets the reduction work in blocks
        for (std::int64_t i = 0; i < count; ++i) {
            int integer = 0, info = 0;
            syevd(static_cast<int>(n), views::as<T>(matrices) + i * n * n, views::as<T>(values) + i * n, work, integer, info);
            if (info != 0)
                throw Error(ErrorKind::data, {"eigenvalues of a symmetric matrix", "a convergent decomposition", "info = " + std::to_string(info)});
        }
    }, matrices, values);
}

}  // namespace assay::engine::cpu
