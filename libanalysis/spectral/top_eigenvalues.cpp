#include "libanalysis/spectral/top_eigenvalues.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/linop/gram_operator.hpp"
#include "libanalysis/spectral/lapack.hpp"

#include <Spectra/SymEigsSolver.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

namespace assay::spectral {
namespace {

// Up to this order the matrix is written out and decomposed densely: fewer products than Lanczos would need, and all exact.
constexpr std::size_t dense_order = 24;

class Counted {
public:
    using Scalar = double;
    Counted(const linop::LinearOperator& a, const LanczosOptions& options) : a_(a), options_(options) {}
    Eigen::Index rows() const { return static_cast<Eigen::Index>(a_.rows()); }
    Eigen::Index cols() const { return rows(); }
    void perform_op(const double* x, double* y) const {
        if (options_.poll) options_.poll();
        ++products;
        const std::size_t n = a_.rows();
        a_.apply({x, n}, {y, n});
        for (std::size_t i = 0; i < n; ++i)
            if (!std::isfinite(y[i])) throw Error(ErrorKind::data, {"Lanczos", "a finite product", "NaN or infinity"});
    }
    mutable std::size_t products = 0;

private:
    const linop::LinearOperator& a_;
    const LanczosOptions& options_;
};

std::vector<std::size_t> order_of(const std::vector<double>& values, Which which) {
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto before = [&](std::size_t i, std::size_t j) {
        switch (which) {
            case Which::largest: return values[i] > values[j];
            case Which::smallest: return values[i] < values[j];
            case Which::largest_magnitude: return std::abs(values[i]) > std::abs(values[j]);
        }
        return false;
    };
    std::stable_sort(order.begin(), order.end(), before);
    return order;
}

void measure_residuals(const Counted& op, std::size_t n, Eigenpairs& result) {
    std::vector<double> image(n);
    for (std::size_t k = 0; k < result.values.size(); ++k) {
        const double* v = result.vectors.data() + k * n;
        op.perform_op(v, image.data());
        double sum = 0;
        for (std::size_t i = 0; i < n; ++i) sum += std::pow(image[i] - result.values[k] * v[i], 2);
        result.residuals.push_back(std::sqrt(sum));
    }
}

Eigenpairs densely(const Counted& op, std::size_t n, const LanczosOptions& options) {
    std::vector<double> matrix(n * n), unit(n);
    for (std::size_t j = 0; j < n; ++j) {
        unit[j] = 1;
        op.perform_op(unit.data(), matrix.data() + j * n);
        unit[j] = 0;
    }
    const std::vector<double> values = lapack::symmetric_eigenvalues(matrix, n, true);
    Eigenpairs result;
    for (const std::size_t k : order_of(values, options.which)) {
        if (result.values.size() == options.count) break;
        result.values.push_back(values[k]);
        result.vectors.insert(result.vectors.end(), matrix.begin() + static_cast<std::ptrdiff_t>(k * n),
                              matrix.begin() + static_cast<std::ptrdiff_t>((k + 1) * n));
    }
    result.converged = true;
    return result;
}

Spectra::SortRule rule(Which which) {
    switch (which) {
        case Which::largest: return Spectra::SortRule::LargestAlge;
        case Which::smallest: return Spectra::SortRule::SmallestAlge;
        case Which::largest_magnitude: return Spectra::SortRule::LargestMagn;
    }
    return Spectra::SortRule::LargestAlge;
}

Eigenpairs by_lanczos(const Counted& op, std::size_t n, const LanczosOptions& options) {
    std::vector<double> start(n), image(n);
    for (std::size_t i = 0; i < n; ++i) start[i] = options.seed.normal(i);
    op.perform_op(start.data(), image.data());
    Eigenpairs result;
    if (std::all_of(image.begin(), image.end(), [](double y) { return y == 0; })) {
        // A random vector is in the null space of the zero operator only.
        result.values.assign(options.count, 0.0);
        result.vectors.assign(options.count * n, 0.0);
        for (std::size_t k = 0; k < options.count; ++k) result.vectors[k * n + k] = 1;
        result.converged = true;
        return result;
    }
    const std::size_t basis = std::min(n, options.basis ? options.basis : std::max<std::size_t>(2 * options.count + 1, 20));
    Spectra::SymEigsSolver<Counted> solver(const_cast<Counted&>(op), static_cast<Eigen::Index>(options.count),
                                           static_cast<Eigen::Index>(std::max(basis, options.count + 1)));
    solver.init(start.data());
    try {
        solver.compute(rule(options.which), static_cast<Eigen::Index>(options.restarts), options.tolerance, rule(options.which));
    } catch (const Error&) {
        throw;
    } catch (const std::runtime_error& failure) {
        throw Error(ErrorKind::data, {"Lanczos", "a convergent tridiagonal decomposition", failure.what()});
    }
    const Eigen::VectorXd values = solver.eigenvalues();
    const Eigen::MatrixXd vectors = solver.eigenvectors();
    result.values.assign(values.data(), values.data() + values.size());
    result.vectors.assign(vectors.data(), vectors.data() + vectors.size());
    result.converged = result.values.size() == options.count;
    return result;
}

}  // namespace

Eigenpairs top_eigenvalues(const linop::LinearOperator& a, const LanczosOptions& options) {
    const std::size_t n = a.rows();
    if (!a.symmetric() || a.cols() != n) throw Error(ErrorKind::internal, {"Lanczos", "a symmetric operator", "another one"});
    if (options.count == 0 || options.count > n)
        throw Error(ErrorKind::internal, {"Lanczos", "1 to " + std::to_string(n) + " eigenvalues", std::to_string(options.count)});
    const Counted op(a, options);
    Eigenpairs result = n <= dense_order || options.count == n ? densely(op, n, options) : by_lanczos(op, n, options);
    measure_residuals(op, n, result);
    result.products = op.products;
    return result;
}

SingularValue spectral_norm(const linop::LinearOperator& a, const LanczosOptions& options) {
    if (a.rows() == 0 || a.cols() == 0) return {.value = 0, .error = 0, .products = 0, .converged = true};
    LanczosOptions top = options;
    top.count = 1;
    top.which = Which::largest;
    const linop::GramOperator gram(a);
    const Eigenpairs pairs = top_eigenvalues(gram, top);
    SingularValue result{.value = 0, .error = 0, .products = pairs.products, .converged = pairs.converged};
    if (!pairs.converged) return result;
    const double squared = std::max(pairs.values[0], 0.0);
    result.value = std::sqrt(squared);
    // |lambda - lambda'| <= r for some eigenvalue lambda', and d(sqrt lambda)/sqrt lambda = d lambda / (2 lambda).
    result.error = squared > 0 ? pairs.residuals[0] / (2 * squared) : 0;
    return result;
}

}  // namespace assay::spectral
