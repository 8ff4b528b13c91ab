#pragma once
// How far a zoo run is, on standard error: a line that redraws itself on a terminal, a line every few seconds elsewhere.

#include "libanalysis/zoo/runner.hpp"

#include <chrono>

namespace assay::tools {

class ProgressLine {
public:
    explicit ProgressLine(bool quiet);
    ~ProgressLine() { finish(); }
    void show(const zoo::Progress& progress);
    void finish();   ///< leaves the terminal's line

    /// "[=====>     ] 52/144  36 %  3 failed  8.1 models/s  11 s left"
    static std::string text(const zoo::Progress& progress, bool bar);

private:
    bool quiet_, terminal_, open_ = false;
    std::chrono::steady_clock::time_point last_{};
    std::size_t last_done_ = 0;
};

}  // namespace assay::tools
