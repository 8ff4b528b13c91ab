#pragma once
// Trace of the training objective's Hessian, or of the Gauss-Newton matrix of its loss.

#include "libanalysis/measures/subject.hpp"
#include "libanalysis/spectral/spectrum.hpp"

#include <compare>
#include <string>

namespace assay::measures::ingredients {

struct CurvatureTrace {
    static constexpr std::string_view name = "curvature_trace";
    struct Key {
        std::string kind;   ///< "hessian"; "ggn": without the regulariser
        auto operator<=>(const Key&) const = default;
    };
    /// standard_error is 0 where the method is "exact".
    using Value = spectral::Estimate;
    /// Exact by delta passes for the Gauss-Newton matrix, and for the Hessian of a network where both traces agree; else exact by one
    /// product for each parameter (up to 64 of them), else by XTrace with 60 products.
    static Value compute(Subject& subject, const Key& key);
    static std::size_t bytes(const Value&) { return sizeof(Value); }
};

/// Networks of so many parameters have their whole matrices looked at.
constexpr std::size_t few_parameters = 64;

}  // namespace assay::measures::ingredients
