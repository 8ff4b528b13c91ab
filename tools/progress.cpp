#include "tools/progress.hpp"

#include "tools/quantities.hpp"

#include <fmt/format.h>
#include <unistd.h>

namespace assay::tools {

ProgressLine::ProgressLine(bool quiet) : quiet_(quiet), terminal_(isatty(STDERR_FILENO) != 0), last_(std::chrono::steady_clock::now()) {}

std::string ProgressLine::text(const zoo::Progress& progress, bool bar) {
    const std::size_t done = progress.ok + progress.failed + progress.not_a_model;
    const double fraction = progress.total ? static_cast<double>(done) / static_cast<double>(progress.total) : 1;
    std::string line;
    if (bar) {
        constexpr std::size_t width = 24;
        const auto filled = static_cast<std::size_t>(fraction * width);
        line += "[" + std::string(filled, '=') + (filled < width ? ">" : "") + std::string(filled < width ? width - filled - 1 : 0, ' ') + "] ";
    }
    line += fmt::format("{}/{} models, {:.0f} %", done, progress.total, 100 * fraction);
    if (progress.failed) line += fmt::format(", {} failed", progress.failed);
    if (progress.not_a_model) line += fmt::format(", {} not models", progress.not_a_model);
    if (done > 0 && progress.elapsed_s > 0) {
        const double rate = static_cast<double>(done) / progress.elapsed_s;
        line += rate >= 1 ? fmt::format(", {:.1f} models/s", rate) : fmt::format(", {} a model", seconds_in_words(1 / rate));
        if (done < progress.total) line += fmt::format(", {} left", seconds_in_words(static_cast<double>(progress.total - done) / rate));
    }
    return line;
}

void ProgressLine::show(const zoo::Progress& progress) {
    if (quiet_ || progress.total == 0) return;
    const std::size_t done = progress.ok + progress.failed + progress.not_a_model;
    const auto now = std::chrono::steady_clock::now();
    const bool last = done == progress.total && last_done_ != done;
    if (now - last_ < (terminal_ ? std::chrono::milliseconds(200) : std::chrono::milliseconds(10000)) && !last) return;
    last_ = now;
    last_done_ = done;
    if (terminal_) {
        fmt::print(stderr, "\r{}\x1b[K", text(progress, true));
        open_ = true;
    } else {
        fmt::print(stderr, "{}\n", text(progress, false));
    }
    std::fflush(stderr);
}

void ProgressLine::finish() {
    if (open_) fmt::print(stderr, "\n");
    open_ = false;
}

}  // namespace assay::tools
