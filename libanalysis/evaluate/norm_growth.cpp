// Whether a measure that bounds test error falls as test error does when the training set grows (Nagarajan & Kolter 2019): a bound
// measure / sqrt(n) whose numerator grows too fast says nothing about why more data help.

#include "libanalysis/core/error.hpp"
#include "libanalysis/evaluate/curve.hpp"
#include "libanalysis/evaluate/line_fit.hpp"

#include <fmt/format.h>

#include <cmath>

namespace assay::evaluate {
namespace {

constexpr double least_r2 = 0.1;

std::vector<double> exponents(const CurveProblem& problem, std::span<const std::size_t> rows) {
    std::vector<double> n, measure, error;
    for (const std::size_t row : rows) {
        n.push_back(std::log(problem.column("n")[row]));
        measure.push_back(std::log(problem.column("measure")[row]));
        error.push_back(std::log(problem.column("test_error")[row]));
    }
    const Line growth = fit_line(n, measure), fall = fit_line(n, error);
    return {growth.slope, fall.slope, growth.slope - 0.5, growth.slope - 0.5 - fall.slope, growth.r2, fall.r2};
}

CurveFit fit(const CurveProblem& problem) {
    std::vector<std::size_t> rows;
    std::size_t not_positive = 0;
    for (const std::size_t row : problem.complete({"n", "measure", "test_error"})) {
        if (problem.column("n")[row] > 0 && problem.column("measure")[row] > 0 && problem.column("test_error")[row] > 0) rows.push_back(row);
        else ++not_positive;
    }
    if (rows.size() < 3) throw Error(ErrorKind::data, {"norm-growth", "at least three rows with positive numbers", std::to_string(rows.size())});
    const std::vector<double> found = exponents(problem, rows);
    if (std::isnan(found[0])) throw Error(ErrorKind::data, {"norm-growth", "training sets of different sizes", "one size"});
    const std::vector<Interval> intervals = resampled(problem, rows, [&](std::span<const std::size_t> drawn) { return exponents(problem, drawn); });
    const char* const names[] = {"measure_exponent", "test_error_exponent", "bound_exponent", "bound_minus_test_error", "measure_r2", "test_error_r2"};
    CurveFit fit{.verdict = {}, .rows = rows.size(), .numbers = {}};
    for (std::size_t i = 0; i < found.size(); ++i) fit.add(names[i], found[i], i < intervals.size() ? &intervals[i] : nullptr);
    const double low = fit.numbers[3].low, high = fit.numbers[3].high;
    // A line that explains next to nothing has a slope, and the slope says nothing. (R2 of a constant is not a number: its slope is 0, and known.)
    const std::string nothing = found[4] < least_r2 ? "the measure" : found[5] < least_r2 ? "test error" : "";
    const std::string answer = !nothing.empty() ? "no answer: a power of n explains next to nothing of " + nothing : found[3] > 0 ? "fails" : "passes";
    fit.verdict = fmt::format("{}: the measure goes as n^{:.3f}, a bound measure / sqrt(n) as n^{:.3f}, test error as n^{:.3f}{}", answer, found[0], found[2], found[1],
                              std::isnan(low) ? "; no interval was computed" : low <= 0 && high >= 0 ? "; the interval of the difference does not exclude 0" : "");
    if (not_positive > 0) fit.notes.push_back(fmt::format("{} rows left out: a number that is not positive has no logarithm", not_positive));
    for (const std::size_t k : {4u, 5u})   // the lines' R2
        if (found[k] < 0.5)
            fit.notes.push_back(fmt::format("one line through all rows explains {:.0f} % of the variation of {}: other settings vary beside n, and the verdict is only as good as "
                                            "the line; leave one configuration (--where)", 100 * found[k], k == 4 ? "the measure" : "test error"));
    return fit;
}

}  // namespace

namespace curve_constants {

extern const Curve norm_growth;
const Curve norm_growth{
    .name = "norm-growth",
    .summary = "exponents of a measure and of test error in the number of training examples: does the bound measure / sqrt(n) fall as fast as test error?",
    .source = "Nagarajan & Kolter 2019",
    .inputs = [] {
        return std::vector<CurveInput>{{"n", "training examples, of models trained to equal train loss"}, {"measure", "what the bound divides by sqrt(n)"}, {"test_error", "a share"}};
    },
    .settings = [] { return std::vector<CurveSetting>{}; },
    .fit = fit,
};

}  // namespace curve_constants

}  // namespace assay::evaluate
