#pragma once
// Small makers of values, for the files of measures.

#include "libanalysis/measures/measure.hpp"
#include "libanalysis/core/error.hpp"

#include <string>

namespace assay::measures {

/// A finite number for the whole model; a NaN or infinity becomes a missing value with `otherwise` as its reason.
Value whole(double value, std::string convention = {}, std::string otherwise = "the value is not finite");
Value of_layer(std::string layer, double value, std::string convention = {}, std::string otherwise = "the value is not finite");
Value missing(std::string reason, std::string convention = {}, std::string layer = {});

/// Calls `compute` and turns an Error into a missing value with its message. An error of circumstance goes on to the caller.
template <class F>
Value attempt(const std::string& convention, F compute) {
    try {
        return whole(compute(), convention);
    } catch (const Error& error) {
        if (is_circumstance(error)) throw;
        return missing(error.what(), convention);
    }
}

/// The parameter as a number in [0, 1]. @throws Error{usage}.
double fraction(const Parameters& parameters, std::string_view key);

/// The parameter as a number above 0. @throws Error{usage}.
double positive(const Parameters& parameters, std::string_view key);

}  // namespace assay::measures
