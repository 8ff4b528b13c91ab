#include "libanalysis/spectral/spectra_solver.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/spectral/lapack.hpp"

#include <Spectra/SymEigsSolver.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace assay::spectral {
namespace {

/// The operator as Spectra wants to see it.
class Operator {
public:
    using Scalar = double;
    explicit Operator(Products& products) : products_(products) {}
    Eigen::Index rows() const { return static_cast<Eigen::Index>(products_.size()); }
    Eigen::Index cols() const { return rows(); }
    void perform_op(const double* x, double* y) const {
        const std::size_t n = products_.size();
        products_.apply(std::span<const double>{x, n}, std::span<double>{y, n});
        for (std::size_t i = 0; i < n; ++i) require_finite(y[i], "Lanczos");
    }

private:
    Products& products_;
};

Spectra::SortRule rule(Which which) {
    switch (which) {
        case Which::largest: return Spectra::SortRule::LargestAlge;
        case Which::smallest: return Spectra::SortRule::SmallestAlge;
        case Which::largest_magnitude: return Spectra::SortRule::LargestMagn;
    }
    return Spectra::SortRule::LargestAlge;
}

}  // namespace

Found solve_densely(Products& products) {
    const std::size_t n = products.size();
    Found all;
    all.vectors.resize(n * n);
    std::vector<double> unit(n);
    for (std::size_t j = 0; j < n; ++j) {
        unit[j] = 1;
        const std::span<double> column(all.vectors.data() + j * n, n);
        products.apply(std::span<const double>(unit), column);
        for (const double x : column) require_finite(x, "dense eigenvalues");
        unit[j] = 0;
    }
    all.values = lapack::symmetric_eigenvalues(all.vectors, n, true);
    all.converged = true;
    return all;
}

Found choose(const Found& all, std::size_t count, Which which) {
    const std::size_t n = all.values.size();
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) {
        switch (which) {
            case Which::largest: return all.values[i] > all.values[j];
            case Which::smallest: return all.values[i] < all.values[j];
            case Which::largest_magnitude: return std::abs(all.values[i]) > std::abs(all.values[j]);
        }
        return false;
    });
    order.resize(std::min(count, n));
    Found chosen;
    for (const std::size_t k : order) {
        chosen.values.push_back(all.values[k]);
        const auto first = all.vectors.begin() + static_cast<std::ptrdiff_t>(k * n);
        chosen.vectors.insert(chosen.vectors.end(), first, first + static_cast<std::ptrdiff_t>(n));
    }
    chosen.converged = chosen.values.size() == count;
    return chosen;
}

Found solve_by_spectra(Products& products, const SolverOptions& options) {
    const std::size_t n = products.size();
    std::vector<double> start(options.start.begin(), options.start.end()), image(n);
    if (start.empty())
        for (std::size_t i = 0; i < n; ++i) start.push_back(options.seed.normal(i));
    Operator op(products);
    op.perform_op(start.data(), image.data());
    Found result;
    if (std::all_of(image.begin(), image.end(), [](double y) { return y == 0; })) {
        // A random vector is in the null space of the zero operator only.
        result.values.assign(options.count, 0.0);
        result.vectors.assign(options.count * n, 0.0);
        for (std::size_t k = 0; k < options.count; ++k) result.vectors[k * n + k] = 1;
        result.converged = true;
        return result;
    }
    const std::size_t basis = std::min(n, options.basis ? options.basis : std::max<std::size_t>(2 * options.count + 1, 20));
    Spectra::SymEigsSolver<Operator> solver(op, static_cast<Eigen::Index>(options.count),
                                            static_cast<Eigen::Index>(std::max(basis, options.count + 1)));
    solver.init(start.data());
    try {
        const Spectra::SortRule order = rule(options.which);
        solver.compute(order, static_cast<Eigen::Index>(options.restarts), options.tolerance, order);
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

Found solve(Products& products, const SolverOptions& options) {
    const bool dense = products.size() <= dense_order || options.count == products.size();
    return dense ? choose(solve_densely(products), options.count, options.which) : solve_by_spectra(products, options);
}

}  // namespace assay::spectral
