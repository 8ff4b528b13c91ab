#pragma once
// A curve is a law between columns of a table: how error goes with size, accuracy with accuracy. One file, one row in curves.def, one
// test.

#include "libanalysis/core/json.hpp"
#include "libanalysis/core/seed.hpp"
#include "libanalysis/evaluate/bootstrap.hpp"

#include <functional>
#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace assay::evaluate {

/// A column that a curve reads, or a number that it can be told.
struct CurveInput {
    std::string_view name;      ///< "size": --column size=WIDTH
    std::string_view doc;
    bool required = true;
};
struct CurveSetting {
    std::string_view name;      ///< "epsilon": --set epsilon=0.1
    std::string_view doc;
    double value = 0;           ///< default
};

/// What a curve sees: a row a model, NaN where a model has no such number.
struct CurveProblem {
    std::map<std::string, std::vector<double>, std::less<>> columns;   ///< by input name; all of one length
    std::map<std::string, double, std::less<>> settings;               ///< by setting name; all there
    std::size_t replicates = 1000;   ///< of bootstrap intervals; 0: none
    double level = 0.95;
    Seed seed{};

    std::size_t rows() const;
    bool has(std::string_view input) const { return columns.contains(input); }
    const std::vector<double>& column(std::string_view input) const { return columns.find(input)->second; }
    double setting(std::string_view name) const { return settings.find(name)->second; }
    /// The rows in which all these inputs are finite.
    std::vector<std::size_t> complete(std::initializer_list<std::string_view> inputs) const;
};

struct CurveNumber {
    std::string name;
    double value = missing;
    double low = missing, high = missing;   ///< bootstrap interval; NaN where there is none
};

struct CurveFit {
    std::string verdict;               ///< one sentence
    std::size_t rows = 0;              ///< that were used
    std::vector<CurveNumber> numbers;
    std::vector<std::string> notes{};

    /// A number with its interval, if there is one.
    void add(std::string name, double value, const Interval* interval = nullptr);
};

struct Curve {
    std::string_view name;      ///< "scaling-law": command line, JSON
    std::string_view summary;
    std::string_view source;
    std::vector<CurveInput> (*inputs)() = nullptr;
    std::vector<CurveSetting> (*settings)() = nullptr;
    /// @throws Error{data} where too few rows are left to say anything.
    CurveFit (*fit)(const CurveProblem&) = nullptr;
};

std::span<const Curve* const> curves();
/// @throws Error{usage} naming the curves there are.
const Curve& curve(std::string_view name);

/// Checks that every required input is there and every name is known, fills in the settings, and fits. @throws Error{usage, data}
CurveFit fit_curve(const Curve& curve, CurveProblem problem);

/// Percentile intervals of the numbers that `numbers_of` gives for rows drawn with replacement; replicates in which it gives none
/// (an empty vector) do not count.
std::vector<Interval> resampled(const CurveProblem& problem, std::span<const std::size_t> rows,
                                const std::function<std::vector<double>(std::span<const std::size_t> rows)>& numbers_of);

Json to_json(const CurveFit& fit);

}  // namespace assay::evaluate
