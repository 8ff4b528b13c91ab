#include "libanalysis/report/figures.hpp"

#include "libanalysis/core/text.hpp"
#include "libanalysis/report/coverage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace assay::report {
namespace {

using evaluate::Role;

constexpr std::size_t intervals_shown = 30, rows_of_heat_map = 40, scatter_shown = 4, colours = 8;

// The page's colours in light, told apart by the shape of the points as well.
constexpr std::string_view styles =
    "set linetype 1 lc rgb '#0b6aa8' pt 7\nset linetype 2 lc rgb '#d1590a' pt 5\nset linetype 3 lc rgb '#0e8f6c' pt 9\nset linetype 4 lc rgb '#b5548e' pt 13\n"
    "set linetype 5 lc rgb '#3f9fd6' pt 11\nset linetype 6 lc rgb '#c98a00' pt 15\nset linetype 7 lc rgb '#7a6fc4' pt 6\nset linetype 8 lc rgb '#707780' pt 4\n"
    "set border 3 lc rgb '#636a72'\nset tics nomirror textcolor rgb '#1d2126'\nset grid lc rgb '#e3e5e8' lt 1 lw 0.5\n";

std::string beginning(int width, int height) {
    return fmt::format("set encoding utf8\nset terminal svg noenhanced size {},{} font 'sans-serif,11' background rgb 'white'\n{}", width, height, styles);
}

// What gnuplot reads as missing is a word of its own.
std::string number(double value) { return std::isfinite(value) ? fmt::format("{:.10g}", value) : "NaN"; }

std::string block(std::string_view name, const std::vector<std::string>& lines) {
    std::string text = fmt::format("${} << end_of_data\n", name);
    for (const std::string& line : lines) text += line + "\n";
    return text + "end_of_data\n";
}

// Models by the settings of one hyper-parameter: the one that was held out, else the first that has few settings.
struct Groups {
    std::string name;
    std::vector<std::string> levels{""};
    std::vector<int> level;
};
Groups groups_of(const Findings& found) {
    Groups groups{"", {""}, std::vector<int>(found.frame.size(), 0)};
    const evaluate::Factor* chosen = nullptr;
    for (const evaluate::Factor& factor : found.frame.config) {
        const std::size_t count = evaluate::levels(factor).size();
        if (count < 2 || count > colours) continue;
        if (!chosen || (found.fit && found.fit->predictor.scores.group == "config." + factor.name)) chosen = &factor;
    }
    if (chosen) groups = {chosen->name, evaluate::levels(*chosen), evaluate::level_of_model(*chosen)};
    return groups;
}

// One block a setting, so that each has its colour and its line in the key.
std::string grouped_blocks(std::string_view name, const Groups& groups, const std::vector<std::pair<std::size_t, std::string>>& points) {
    std::string text;
    for (std::size_t k = 0; k < groups.levels.size(); ++k) {
        // The first line is the title in the key, by columnheader.
        std::vector<std::string> lines{data_field(groups.name.empty() ? "models" : groups.name + " " + groups.levels[k])};
        for (const auto& [row, line] : points)
            if (groups.level[row] == static_cast<int>(k)) lines.push_back(line);
        if (lines.size() > 1) text += block(fmt::format("{}{}", name, k), lines);
        else text += block(fmt::format("{}{}", name, k), {lines[0], "NaN NaN NaN NaN"});
    }
    return text;
}

Figure calibration(const Findings& found) {
    const Groups groups = groups_of(found);
    std::vector<std::pair<std::size_t, std::string>> points;
    double low = std::numeric_limits<double>::infinity(), high = 0;
    for (const predict::HeldOutPrediction& one : found.fit->held_out) {
        points.emplace_back(one.row, fmt::format("{} {} {} {}", number(100 * one.truth), number(100 * one.prediction.value), number(100 * one.prediction.low),
                                                 number(100 * one.prediction.high)));
        low = std::min({low, one.truth, one.prediction.value});
        high = std::max({high, one.truth, one.prediction.value});
    }
    std::string script = beginning(560, 460) + grouped_blocks("group", groups, points);
    const bool logarithmic = low > 0 && high / low >= 8;
    const double space = logarithmic ? 0 : 0.06 * (high - low);
    script += fmt::format("{}set xrange [{}:{}]\nset yrange [{}:{}]\nset xlabel 'true test error, %'\nset ylabel 'predicted test error, held out, %'\nset key above left\n",
                          logarithmic ? "set logscale xy\n" : "", number(100 * (logarithmic ? low / 1.1 : low - space)), number(100 * (logarithmic ? high * 1.1 : high + space)),
                          number(100 * (logarithmic ? low / 1.1 : low - space)), number(100 * (logarithmic ? high * 1.1 : high + space)));
    script += "plot x with lines lc rgb '#8d949c' dt 2 notitle";
    for (std::size_t k = 0; k < groups.levels.size(); ++k)
        script += fmt::format(", \\\n  $group{0} using 1:2:3:4 with yerrorbars lt {1} lw 0.6 ps 0 notitle, $group{0} using 1:2 with points lt {1} ps 0.7 title columnheader(1)", k, k + 1);
    return {"calibration", script + "\n"};
}

Figure coverage(const Findings& found) {
    std::vector<std::string> lines;
    for (const predict::Coverage& one : found.fit->coverage) {
        const Scatter scatter = coverage_scatter(one);
        lines.push_back(fmt::format("{} {} {} {}", number(100 * one.level), number(100 * static_cast<double>(one.held) / static_cast<double>(one.models)),
                                    number(100 * scatter.low), number(100 * scatter.high)));
    }
    return {"coverage", beginning(460, 380) + block("coverage", lines) +
                            "set xrange [*:100]\nset yrange [*:100]\nset xlabel 'level of the intervals, %'\nset ylabel 'held-out models inside, %'\nset key above left\n"
                            "plot $coverage using 1:3:4 with filledcurves fc rgb '#e3e5e8' title 'luck, 95 %', \\\n"
                            "  x with lines lc rgb '#8d949c' dt 2 title 'as said', $coverage using 1:2 with linespoints lt 1 ps 0.8 title 'measured'\n"};
}

Figure intervals(const evaluate::TargetScores& scores) {
    std::vector<std::string> measures, baselines;
    std::size_t at = 0;
    std::vector<const evaluate::MeasureScore*> chosen;
    for (const evaluate::MeasureScore& score : scores.scores)
        if (score.role != Role::needs_test_labels && std::isfinite(score.score.value) && (score.role == Role::baseline || at++ < intervals_shown)) chosen.push_back(&score);
    for (std::size_t k = 0; k < chosen.size(); ++k) {
        const evaluate::MeasureScore& score = *chosen[k];
        (score.role == Role::baseline ? baselines : measures)
            .push_back(fmt::format("{} {} {} {} {}", chosen.size() - k, number(score.score.value), number(score.interval.low), number(score.interval.high), data_field(score.measure)));
    }
    if (measures.empty()) measures.push_back("NaN NaN NaN NaN \"\"");
    if (baselines.empty()) baselines.push_back("NaN NaN NaN NaN \"\"");
    std::string script = beginning(680, 90 + 18 * static_cast<int>(chosen.size())) + block("measures", measures) + block("baselines", baselines);
    script += fmt::format("set xrange [-1:1]\nset yrange [0.3:{}.7]\nset xlabel 'Kendall tau-b with the {}'\nset arrow 1 from 0,graph 0 to 0,graph 1 nohead lc rgb '#8d949c'\nset key above left\n", chosen.size(),
                          scores.target.title);
    if (std::isfinite(scores.chance.largest))
        script += fmt::format("set object 1 rectangle from {0},0.3 to {1},{2}.7 fc rgb '#eef0f2' fs solid noborder behind\n", -scores.chance.largest, scores.chance.largest, chosen.size());
    script += "plot $measures using 2:1:3:4:ytic(5) with xerrorbars lt 1 ps 0.7 title 'measures', $baselines using 2:1:3:4:ytic(5) with xerrorbars lt 8 pt 5 ps 0.7 title 'baselines'\n";
    return {"intervals-" + scores.target.name, script};
}

Figure heat_map(const ProtocolMatrix& matrix) {
    std::vector<std::string> cells, names, columns;
    const std::size_t rows = std::min(matrix.rows.size(), rows_of_heat_map);
    for (std::size_t r = 0; r < rows; ++r) {
        const MatrixRow& row = matrix.rows[r];
        const std::size_t y = rows - r;
        names.push_back(fmt::format("{} {}", y, data_field(row.measure + (row.role == Role::baseline ? " (baseline)" : ""))));
        for (std::size_t c = 0; c < row.cells.size(); ++c)
            if (std::isfinite(row.cells[c].score))
                cells.push_back(fmt::format("{} {} {} {}", c + 1, y, number(row.cells[c].tone),
                                            data_field(fmt::format("{}{:.{}f}", row.cells[c].negated ? "(\u2212) " : "", row.cells[c].score, std::max(2, matrix.columns[c].protocol->decimals - 1)))));
    }
    for (std::size_t c = 0; c < matrix.columns.size(); ++c) columns.push_back(fmt::format("{} {}", c + 1, data_field(matrix.columns[c].protocol->name)));
    std::string script = beginning(300 + 76 * static_cast<int>(matrix.columns.size()), 90 + 20 * static_cast<int>(rows));
    script += block("cells", cells) + block("names", names) + block("columns", columns);
    script += fmt::format("unset grid\nunset key\nset border 0\nset tics scale 0\nset xrange [0.5:{}.5]\nset yrange [0.5:{}.5]\nset xtics ()\nset ytics ()\nset cbrange [-1:1]\n"
                          "unset colorbox\nset palette defined (-1 '#e79565', -0.5 '#f6d2b8', 0 '#ffffff', 0.5 '#c6ddef', 1 '#74acd6')\n"
                          "set label 1 'Measures of the {}; from knowing nothing (white) to the strongest of each column' at screen 0.5,0 offset 0,1.9 center\n"
                          "set label 2 'blue: orders as the target does; orange: the other way round; (\u2212): of the measure with its sign turned' at screen 0.5,0 offset 0,0.7 center\nset bmargin 6\n",
                          matrix.columns.size(), rows, matrix.target.title);
    script += "plot $cells using 1:2:(0.48):(0.46):3 with boxxyerror fs solid noborder lc palette, $cells using 1:2:4 with labels, \\\n"
              "  $names using (1):1:ytic(2) with points ps 0, $columns using 1:(1):xtic(2) with points ps 0";
    return {"protocols-" + matrix.target.name, script + "\n"};
}

Figure scatter(const Findings& found, const evaluate::TargetScores& scores) {
    const Groups groups = groups_of(found);
    std::vector<const evaluate::MeasureScore*> chosen;
    for (const evaluate::MeasureScore& score : scores.scores)
        if (score.role == Role::measure && std::isfinite(score.score.value) && chosen.size() < scatter_shown) chosen.push_back(&score);
    const std::size_t rows = (chosen.size() + 1) / 2;
    std::string script = beginning(760, 40 + 320 * static_cast<int>(rows)), plots;
    for (std::size_t k = 0; k < chosen.size(); ++k) {
        const std::vector<double>& values = found.frame.measure(chosen[k]->measure)->values;
        std::vector<std::pair<std::size_t, std::string>> points;
        double low = std::numeric_limits<double>::infinity(), high = -low;
        for (std::size_t row = 0; row < values.size(); ++row) {
            if (!std::isfinite(values[row]) || std::isnan(scores.target.values[row])) continue;
            points.emplace_back(row, number(values[row]) + " " + number(100 * scores.target.values[row]));
            low = std::min(low, values[row]);
            high = std::max(high, values[row]);
        }
        script += grouped_blocks(fmt::format("m{}g", k), groups, points);
        plots += fmt::format("{}set title {}\nset ylabel '{}, %'\n{}plot ", low > 0 && high / low >= 30 ? "set logscale x\n" : "unset logscale x\n",
                             command_string(fmt::format("{}: tau {:.3f}", chosen[k]->measure, chosen[k]->score.value)), scores.target.title,
                             k == 0 && !groups.name.empty() ? "set key top left\n" : "unset key\n");
        for (std::size_t g = 0; g < groups.levels.size(); ++g)
            plots += fmt::format("{}$m{}g{} using 1:2 with points lt {} ps 0.7 title columnheader(1)", g == 0 ? "" : ", ", k, g, g + 1);
        plots += "\n";
    }
    script += fmt::format("set multiplot layout {},2\n", rows) + plots + "unset multiplot\n";
    return {"scatter-" + scores.target.name, script};
}

}  // namespace

std::string command_string(std::string_view text) {
    constexpr std::string_view harmless = " _.,=+-:()[]%/";
    std::string string = "'";
    for (const char c : text)
        string += (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || harmless.find(c) != std::string_view::npos ? c : '_';
    return string + "'";
}

std::string data_field(std::string_view text) {
    std::string field = "\"";
    for (const char c : printable(text)) field += c == '"' || c == '\\' || c == '`' || c == '$' || c == '@' || c == '#' ? '\'' : c;
    return field + "\"";
}

std::vector<Figure> figures(const Findings& found) {
    std::vector<Figure> all;
    if (found.fit) {
        all.push_back(calibration(found));
        if (!found.fit->coverage.empty()) all.push_back(coverage(found));
    }
    if (found.evaluation)
        for (const evaluate::TargetScores& scores : found.evaluation->targets) {
            all.push_back(intervals(scores));
            all.push_back(scatter(found, scores));
        }
    for (const ProtocolMatrix& matrix : found.matrices)
        if (!matrix.columns.empty()) all.push_back(heat_map(matrix));
    return all;
}

}  // namespace assay::report
