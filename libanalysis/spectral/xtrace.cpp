// XTrace (Epperly, Tropp and Webber 2024): every test vector in turn is left out of the range that the others span, so that all of
// them serve both the low-rank part and the estimate of the rest. After 2 k products everything is k x k algebra. The range is
// orthogonalised where the operator's vectors lie; on the host there is only that algebra, and the making of the test vectors.

#include "libanalysis/core/error.hpp"
#include "libanalysis/spectral/basis.hpp"
#include "libanalysis/spectral/probes.hpp"
#include "libanalysis/spectral/products.hpp"
#include "libanalysis/spectral/spectrum.hpp"
#include "libanalysis/spectral/sums.hpp"

#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace assay::spectral {
namespace {

using Eigen::MatrixXd;
using Eigen::RowVectorXd;
using Index = Eigen::Index;

/// Test vector i: uniform on the sphere of radius sqrt(n), made again whenever it is needed rather than kept.
template <class T>
void test_vector(Seed seed, std::size_t i, std::span<T> out) {
    const Seed own = seed.child("sphere").child(i);
    for (std::size_t j = 0; j < out.size(); ++j) out[j] = static_cast<T>(own.normal(j));
    const std::span<const T> made = out;
    const double factor = std::sqrt(static_cast<double>(out.size()) / dot(made, made));
    for (T& x : out) x = static_cast<T>(factor * static_cast<double>(x));
}

/// The leave-one-out estimates. h = Q'AQ, r with A W = Q r, c = Q'W for the orthonormal Q of the range and the test vectors W.
std::vector<double> leave_one_out(const MatrixXd& h, const MatrixXd& r, const MatrixXd& c, double n) {
    const Index k = r.rows();
    // Without test vector i the range loses the direction Q s_i, orthogonal to the other columns of Q r.
    const MatrixXd s = r.triangularView<Eigen::Upper>().transpose().solve(MatrixXd::Identity(k, k)).colwise().normalized();
    const RowVectorXd along = s.cwiseProduct(c).colwise().sum();
    const MatrixXd d = c - s * along.asDiagonal();   // w_i minus its part in the smaller range is w_i - Q d_i
    const RowVectorXd rest = c.cwiseProduct(r).colwise().sum() - 2 * r.cwiseProduct(d).colwise().sum() +
                             d.cwiseProduct(h * d).colwise().sum();
    // The rest of w_i is uniform on a sphere of the complement: scaled to the length that makes the estimate unbiased.
    const RowVectorXd squared = (n - c.colwise().squaredNorm().array() + along.array().square()).matrix();
    const RowVectorXd estimates = (h.trace() - s.cwiseProduct(h * s).colwise().sum().array() +
                                   (n - static_cast<double>(k) + 1) * rest.array() / squared.array()).matrix();
    return {estimates.data(), estimates.data() + k};
}

// The leave-one-out estimates share the vectors that span their ranges, so their mean scatters more than that of independent ones: by
// 1.1 to 1.3 on spectra from i^-1/2 to i^-2 and with outliers (tests/spectral/trace_test.cpp). The jackknife of the whole estimate
// errs by up to 2.4 to the other side, at k times the algebra.
constexpr double dependence = 1.4;

template <class T>
Estimate run(const linop::LinearOperator& a, const TraceOptions& options, std::size_t k) {
    const std::size_t n = a.rows(), bytes = (k + 1) * n * sizeof(T);
    if (bytes > options.memory)
        throw Error(ErrorKind::resource, {"XTrace", std::to_string(bytes) + " bytes for " + std::to_string(k + 1) + " vectors",
                    std::to_string(options.memory) + " bytes", "Give more memory or ask for fewer products."});
    Products products(a, options.poll);
    const std::unique_ptr<Basis<T>> basis = make_basis<T>(a, options.threads);
    Basis<T>& q = *basis;
    const auto write_test_vector = [&](std::size_t i) { q.write(k, [&](std::span<T> out) { test_vector(options.seed, i, out); }); };
    MatrixXd r = MatrixXd::Zero(static_cast<Index>(k), static_cast<Index>(k));
    const auto report = [&] { if (options.progress) options.progress(products.count(), 2 * k); };
    double scale = 0, left = 0;
    std::size_t rank = 0;
    for (; rank < k; ++rank) {
        write_test_vector(rank);
        products.apply(q, k, rank);
        report();
        const Projection projection = q.orthogonalise(rank);
        require_finite(projection.before, "XTrace");
        scale = std::max(scale, projection.before);
        left = projection.after;
        if (!(left > 10 * std::numeric_limits<T>::epsilon() * scale)) break;   // the range is exhausted
        for (std::size_t i = 0; i < rank; ++i) r(static_cast<Index>(i), static_cast<Index>(rank)) = projection.coefficients[i];
        r(static_cast<Index>(rank), static_cast<Index>(rank)) = left;
        q.scale(rank, 1 / left);
    }
    const auto size = static_cast<Index>(rank);
    MatrixXd h(size, size), c(size, size);
    const auto dots_with_q = [&](MatrixXd& to, Index column) {
        const std::vector<double> dots = q.dots(rank, k);
        for (Index i = 0; i < size; ++i) to(i, column) = dots[static_cast<std::size_t>(i)];
        require_finite(dots[rank], "XTrace");
    };
    for (std::size_t j = 0; j < rank; ++j) {
        products.apply(q, j, k);
        report();
        dots_with_q(h, static_cast<Index>(j));
    }
    if (rank == n) return {.value = h.trace(), .standard_error = 0, .method = "exact", .products = products.count()};
    if (rank < k) {
        // All of the range is in Q; what rounding hides beyond it is at most what the last test vector left.
        return {.value = h.trace(), .standard_error = std::sqrt(static_cast<double>(n)) * left, .method = "xtrace", .products = products.count()};
    }
    for (std::size_t j = 0; j < k; ++j) {
        write_test_vector(j);
        dots_with_q(c, static_cast<Index>(j));
    }
    Estimate result = mean_of(leave_one_out((h + h.transpose()) / 2, r, c, static_cast<double>(n)), "xtrace");
    result.standard_error *= dependence;
    result.products = products.count();
    return result;
}

}  // namespace

Estimate xtrace(const linop::LinearOperator& a, const TraceOptions& options) {
    require_symmetric(a, 1, "XTrace");
    const std::size_t k = std::min(options.products / 2, a.rows());
    if (options.products < 4) throw Error(ErrorKind::usage, {"XTrace", "at least four products", std::to_string(options.products)});
    return a.single_precision() ? run<float>(a, options, k) : run<double>(a, options, k);
}

}  // namespace assay::spectral
