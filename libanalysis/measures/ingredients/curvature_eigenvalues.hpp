#pragma once
// Eigenvalues at the ends of the training objective's Hessian, or at the top of its Gauss-Newton matrix.

#include "libanalysis/measures/subject.hpp"
#include "libanalysis/spectral/lanczos.hpp"

#include <compare>
#include <string>

namespace assay::measures::ingredients {

struct CurvatureEigenvalues {
    static constexpr std::string_view name = "curvature_eigenvalues";
    struct Key {
        std::string kind;   ///< "hessian": both ends; "ggn": the top, with eigenvectors, without the regulariser
        auto operator<=>(const Key&) const = default;
    };
    using Value = spectral::Eigenvalues;
    /// Largest: as many as curvature_top() says, or all there are; smallest: one. To a true residual of 1e-3 of the eigenvalue; dense
    /// for networks of up to 64 parameters. @throws Error{data} "not converged".
    static Value compute(Subject& subject, const Key& key);
    static std::size_t bytes(const Value& value);
};

/// How many of the largest eigenvalues are computed: 10, or two more than there are classes (at most 40).
std::size_t curvature_top(Subject& subject);

}  // namespace assay::measures::ingredients
