#include "libanalysis/measures/values.hpp"

#include <cmath>
#include <cstdlib>

namespace assay::measures {

Value of_layer(std::string layer, double value, std::string convention, std::string otherwise) {
    Value result{.layer = std::move(layer), .convention = std::move(convention)};
    if (std::isfinite(value))
        result.value = value;
    else
        result.reason = std::move(otherwise);
    return result;
}

Value whole(double value, std::string convention, std::string otherwise) {
    return of_layer({}, value, std::move(convention), std::move(otherwise));
}

Value missing(std::string reason, std::string convention, std::string layer) {
    return {.layer = std::move(layer), .convention = std::move(convention), .reason = std::move(reason)};
}

double fraction(const Parameters& parameters, std::string_view key) {
    const auto found = parameters.find(std::string(key));
    const std::string text = found == parameters.end() ? "" : found->second;
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != 0 || !(value >= 0 && value <= 1))
        throw Error(ErrorKind::usage, {std::string(key), "a number from 0 to 1", text.empty() ? "nothing" : text});
    return value;
}

}  // namespace assay::measures
