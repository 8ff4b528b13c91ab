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

namespace {

double number(const Parameters& parameters, std::string_view key, const char* expected, bool (*good)(double)) {
    const auto found = parameters.find(std::string(key));
    const std::string text = found == parameters.end() ? "" : found->second;
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != 0 || !good(value)) throw Error(ErrorKind::usage, {std::string(key), expected, text.empty() ? "nothing" : text});
    return value;
}

}  // namespace

double fraction(const Parameters& parameters, std::string_view key) {
    return number(parameters, key, "a number from 0 to 1", [](double x) { return x >= 0 && x <= 1; });
}

double positive(const Parameters& parameters, std::string_view key) {
    return number(parameters, key, "a number above 0", [](double x) { return x > 0 && std::isfinite(x); });
}

}  // namespace assay::measures
