#include "libanalysis/spectral/lapack.hpp"

#include "libanalysis/core/error.hpp"

#include <algorithm>
#include <limits>
#include <string>

extern "C" {
void dsyevd_(const char* jobz, const char* uplo, const int* n, double* a, const int* lda, double* w, double* work, const int* lwork,
             int* iwork, const int* liwork, int* info);
void dstevd_(const char* jobz, const int* n, double* d, double* e, double* z, const int* ldz, double* work, const int* lwork, int* iwork,
             const int* liwork, int* info);
void dsytrd_(const char* uplo, const int* n, double* a, const int* lda, double* d, double* e, double* tau, double* work, const int* lwork,
             int* info);
void dorgtr_(const char* uplo, const int* n, double* a, const int* lda, const double* tau, double* work, const int* lwork, int* info);
void zheevd_(const char* jobz, const char* uplo, const int* n, std::complex<double>* a, const int* lda, double* w,
             std::complex<double>* work, const int* lwork, double* rwork, const int* lrwork, int* iwork, const int* liwork, int* info);
void dgesdd_(const char* jobz, const int* m, const int* n, double* a, const int* lda, double* s, double* u, const int* ldu, double* vt,
             const int* ldvt, double* work, const int* lwork, int* iwork, int* info);
void zgesdd_(const char* jobz, const int* m, const int* n, std::complex<double>* a, const int* lda, double* s, std::complex<double>* u,
             const int* ldu, std::complex<double>* vt, const int* ldvt, std::complex<double>* work, const int* lwork, double* rwork,
             int* iwork, int* info);
}

namespace assay::spectral::lapack {
namespace {

int checked(std::size_t value) {
    if (value > static_cast<std::size_t>(std::numeric_limits<int>::max()))
        throw Error(ErrorKind::resource, {"LAPACK", "an extent below 2^31", std::to_string(value)});
    return static_cast<int>(value);
}

void require(std::size_t found, std::size_t expected, const char* routine) {
    if (found != expected) throw Error(ErrorKind::internal, {routine, std::to_string(expected) + " values", std::to_string(found)});
}

void check(int info, const char* routine) {
    if (info != 0)
        throw Error(ErrorKind::data, {routine, "a convergent decomposition", "info = " + std::to_string(info)});
}

int size_from(double answer) { return checked(static_cast<std::size_t>(answer) + 1); }

}  // namespace

std::vector<double> symmetric_eigenvalues(std::span<double> matrix, std::size_t n, bool vectors) {
    require(matrix.size(), n * n, "dsyevd");
    std::vector<double> values(n);
    if (n == 0) return values;
    const char* job = vectors ? "V" : "N";
    const int order = checked(n), query = -1;
    int info = 0, integer_size = 0;
    double size = 0;
    dsyevd_(job, "U", &order, matrix.data(), &order, values.data(), &size, &query, &integer_size, &query, &info);
    check(info, "dsyevd");
    const int work_size = size_from(size);
    std::vector<double> work(static_cast<std::size_t>(work_size));
    std::vector<int> integers(static_cast<std::size_t>(integer_size));
    dsyevd_(job, "U", &order, matrix.data(), &order, values.data(), work.data(), &work_size, integers.data(), &integer_size, &info);
    check(info, "dsyevd");
    return values;
}

TridiagonalPairs tridiagonal_eigenpairs(std::span<const double> diagonal, std::span<const double> off_diagonal) {
    const std::size_t n = diagonal.size();
    if (n == 0) return {};
    require(off_diagonal.size(), n - 1, "dstevd");
    TridiagonalPairs pairs{.values = {diagonal.begin(), diagonal.end()}, .vectors = std::vector<double>(n * n)};
    std::vector<double> off(off_diagonal.begin(), off_diagonal.end());
    off.push_back(0);
    const int order = checked(n), query = -1;
    int info = 0, integer_size = 0;
    double size = 0;
    dstevd_("V", &order, pairs.values.data(), off.data(), pairs.vectors.data(), &order, &size, &query, &integer_size, &query, &info);
    check(info, "dstevd");
    const int work_size = size_from(size);
    std::vector<double> work(static_cast<std::size_t>(work_size));
    std::vector<int> integers(static_cast<std::size_t>(integer_size));
    dstevd_("V", &order, pairs.values.data(), off.data(), pairs.vectors.data(), &order, work.data(), &work_size, integers.data(), &integer_size,
            &info);
    check(info, "dstevd");
    return pairs;
}

Tridiagonal tridiagonalise(std::span<const double> matrix, std::size_t n) {
    require(matrix.size(), n * n, "dsytrd");
    if (n == 0) return {};
    Tridiagonal result{.diagonal = std::vector<double>(n), .off_diagonal = std::vector<double>(n - 1), .q = {matrix.begin(), matrix.end()}};
    std::vector<double> reflectors(n);
    const int order = checked(n), query = -1;
    int info = 0;
    double reduce_size = 0, form_size = 0;
    dsytrd_("U", &order, result.q.data(), &order, result.diagonal.data(), result.off_diagonal.data(), reflectors.data(), &reduce_size, &query,
            &info);
    check(info, "dsytrd");
    dorgtr_("U", &order, result.q.data(), &order, reflectors.data(), &form_size, &query, &info);
    check(info, "dorgtr");
    const int work_size = size_from(std::max(reduce_size, form_size));
    std::vector<double> work(static_cast<std::size_t>(work_size));
    dsytrd_("U", &order, result.q.data(), &order, result.diagonal.data(), result.off_diagonal.data(), reflectors.data(), work.data(),
            &work_size, &info);
    check(info, "dsytrd");
    dorgtr_("U", &order, result.q.data(), &order, reflectors.data(), work.data(), &work_size, &info);
    check(info, "dorgtr");
    return result;
}

std::vector<double> hermitian_eigenvalues(std::span<std::complex<double>> matrix, std::size_t n) {
    require(matrix.size(), n * n, "zheevd");
    std::vector<double> values(n);
    if (n == 0) return values;
    const int order = checked(n), query = -1;
    int info = 0, integer_size = 0;
    std::complex<double> size = 0;
    double real_size = 0;
    // A row-major upper triangle is a column-major lower one of the conjugate matrix, which has the same eigenvalues.
    zheevd_("N", "L", &order, matrix.data(), &order, values.data(), &size, &query, &real_size, &query, &integer_size, &query, &info);
    check(info, "zheevd");
    const int work_size = size_from(size.real()), real_work_size = size_from(real_size);
    std::vector<std::complex<double>> work(static_cast<std::size_t>(work_size));
    std::vector<double> real_work(static_cast<std::size_t>(real_work_size));
    std::vector<int> integers(static_cast<std::size_t>(integer_size));
    zheevd_("N", "L", &order, matrix.data(), &order, values.data(), work.data(), &work_size, real_work.data(), &real_work_size,
            integers.data(), &integer_size, &info);
    check(info, "zheevd");
    return values;
}

std::vector<double> singular_values(std::span<double> matrix, std::size_t rows, std::size_t cols) {
    require(matrix.size(), rows * cols, "dgesdd");
    std::vector<double> values(std::min(rows, cols));
    if (values.empty()) return values;
    const int m = checked(rows), n = checked(cols), one = 1, query = -1;
    int info = 0;
    double size = 0;
    std::vector<int> integers(8 * values.size());
    dgesdd_("N", &m, &n, matrix.data(), &m, values.data(), nullptr, &one, nullptr, &one, &size, &query, integers.data(), &info);
    check(info, "dgesdd");
    const int work_size = size_from(size);
    std::vector<double> work(static_cast<std::size_t>(work_size));
    dgesdd_("N", &m, &n, matrix.data(), &m, values.data(), nullptr, &one, nullptr, &one, work.data(), &work_size, integers.data(), &info);
    check(info, "dgesdd");
    return values;
}

std::vector<double> singular_values(std::span<std::complex<double>> matrix, std::size_t rows, std::size_t cols) {
    require(matrix.size(), rows * cols, "zgesdd");
    std::vector<double> values(std::min(rows, cols));
    if (values.empty()) return values;
    const int m = checked(rows), n = checked(cols), one = 1, query = -1;
    int info = 0;
    std::complex<double> size = 0;
    std::vector<int> integers(8 * values.size());
    std::vector<double> real_work(7 * values.size());
    zgesdd_("N", &m, &n, matrix.data(), &m, values.data(), nullptr, &one, nullptr, &one, &size, &query, real_work.data(), integers.data(), &info);
    check(info, "zgesdd");
    const int work_size = size_from(size.real());
    std::vector<std::complex<double>> work(static_cast<std::size_t>(work_size));
    zgesdd_("N", &m, &n, matrix.data(), &m, values.data(), nullptr, &one, nullptr, &one, work.data(), &work_size, real_work.data(),
            integers.data(), &info);
    check(info, "zgesdd");
    return values;
}

}  // namespace assay::spectral::lapack
