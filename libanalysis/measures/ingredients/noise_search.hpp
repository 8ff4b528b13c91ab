#pragma once
// How much Gaussian noise the weights bear: bisection on the scale of the noise at which training accuracy has moved by 0.1.

#include "libanalysis/measures/subject.hpp"

#include <compare>
#include <string_view>

namespace assay::measures::ingredients {

struct NoiseSearch {
    static constexpr std::string_view name = "noise_search";
    enum class Scale { absolute, magnitude };   ///< the same noise for every parameter, or in proportion to its magnitude
    struct Key {
        std::string convention;                 ///< "exact", "dziugaite", "jiang"
        Scale scale = Scale::absolute;
        auto operator<=>(const Key&) const = default;
    };
    enum class Status { converged, bracketed, unreached };
    struct Value {
        double sigma = 0;                ///< in its convention
        double displacement = 0;         ///< of accuracy at sigma: mean over the draws
        double displacement_error = 0;   ///< its standard error over the draws
        double lower = 0, upper = 0;     ///< the bracket at the end
        Status status = Status::unreached;
        int evaluations = 0;             ///< of accuracy over the rows
    };
    /// @throws Error{data} without class labels; Error{unsupported} where `dziugaite` cannot fold a BatchNormalization.
    static Value compute(Subject& subject, const Key& key);
    static std::size_t bytes(const Value&) { return sizeof(Value); }
};

}  // namespace assay::measures::ingredients
