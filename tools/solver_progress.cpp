#include "tools/solver_progress.hpp"

#include "tools/table.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace assay::tools {
namespace {

std::size_t terminal_width() {
    winsize size{};
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 100u;
}

}  // namespace

SolverProgress::SolverProgress(Mode mode) : mode_(mode), terminal_(isatty(STDERR_FILENO) != 0 && mode != Mode::every_step), last_(std::chrono::steady_clock::now()) {}

std::string SolverProgress::text(const Json& step, double tolerance, std::size_t width) {
    std::string line = step.at("stage").get<std::string>();
    if (line == "start")
        return fmt::format("{} of {} rows of {}/ ({}); {}", step.at("samples").get<std::int64_t>(), step.at("of").get<std::int64_t>(),
                           step.at("split").get<std::string>(), step.at("rule").get<std::string>(), step.at("objective").get<std::string>());
    const auto products = step.at("products").get<std::size_t>(), of = step.at("of").get<std::size_t>();
    if (of > 0) line += fmt::format(": product {} of {}", products, of);
    else if (products > 0) line += fmt::format(": product {}", products);
    const Json& values = step.at("values");
    const Json& residuals = step.at("residuals");
    if (values.empty()) return line;
    std::size_t within = 0;
    for (const Json& residual : residuals) within += number_from_json(residual) <= tolerance;
    line += fmt::format(", {} of {} within {}:", within, residuals.size(), significant(tolerance, 2));
    // The outermost, and those that are not there yet.
    for (std::size_t i = 0; i < values.size(); ++i) {
        const double residual = i < residuals.size() ? number_from_json(residuals[i]) : 1;
        if (i > 0 && residual <= tolerance && within < residuals.size()) continue;
        const std::string pair = fmt::format(" {} ({})", significant(number_from_json(values[i])), residual < 1e-9 ? "<1e-9" : significant(residual, 1));
        if (line.size() + pair.size() + 4 > width) return line + " ...";
        line += pair;
    }
    return line;
}

void SolverProgress::show(const Json& step) {
    if (mode_ == Mode::quiet) return;
    const auto now = std::chrono::steady_clock::now();
    const auto wait = mode_ == Mode::every_step ? std::chrono::milliseconds(0) : terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(10000);
    const bool start = step.at("stage") == "start";
    if (start ? mode_ == Mode::automatic && !terminal_ : now - last_ < wait) return;
    if (!start) last_ = now;
    const std::string line = printable(text(step, tolerance_, terminal_ ? terminal_width() - 1 : 120));
    if (terminal_ && !start) {
        fmt::print(stderr, "\r{}\x1b[K", line);
        open_ = true;
    } else {
        fmt::print(stderr, "{}\n", line);
    }
    std::fflush(stderr);
}

void SolverProgress::finish() {
    if (open_) fmt::print(stderr, "\r\x1b[K");
    open_ = false;
}

}  // namespace assay::tools
