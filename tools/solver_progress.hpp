#pragma once
// What an eigenvalue search has found so far, on standard error: a line that redraws itself on a terminal, a line every few
// seconds elsewhere, or a line at every step.

#include "libanalysis/core/json.hpp"

#include <chrono>
#include <string>

namespace assay::tools {

class SolverProgress {
public:
    enum class Mode { quiet, automatic, every_step };
    explicit SolverProgress(Mode mode);
    ~SolverProgress() { finish(); }
    /// {"stage", "products", "of", "values", "residuals"}, or at first {"stage": "start", "objective", "samples", "of", "split", "rule"}.
    void show(const Json& step);
    void finish();                 ///< leaves the terminal's line

    /// "eigenvalues: product 14, 3 of 5 within 0.001: 12.31 (2e-05) 9.07 (0.0004) ..."; at most `width` characters.
    static std::string text(const Json& step, double tolerance, std::size_t width);
    void set_tolerance(double tolerance) { tolerance_ = tolerance; }

private:
    Mode mode_;
    bool terminal_, open_ = false;
    double tolerance_ = 1e-3;
    std::chrono::steady_clock::time_point last_{};
};

}  // namespace assay::tools
