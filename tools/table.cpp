#include "tools/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace assay::tools {
namespace {

// Code points: the width of text without combining or wide characters, which names seldom have.
std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string_view first_points(std::string_view text, std::size_t count) {
    std::size_t i = 0;
    for (; count > 0 && i < text.size(); --count)
        do ++i;
        while (i < text.size() && (text[i] & 0xc0) == 0x80);
    return text.substr(0, i);
}

std::string cut(const std::string& text, std::size_t width) {
    const std::size_t whole = width_of(text);
    if (whole <= width) return text;
    if (width <= 5) return std::string(first_points(text, width));
    const std::size_t tail = (width - 3) / 2, head = width - 3 - tail;
    const std::string_view end = std::string_view(text).substr(first_points(text, whole - tail).size());
    return fmt::format("{}...{}", first_points(text, head), end);
}

}  // namespace

std::string significant(double value, int digits) {
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
    if (value == std::trunc(value) && std::abs(value) < 1e15) return fmt::format("{:.0f}", value == 0 ? 0.0 : value);
    if (std::abs(value) >= std::pow(10.0, digits) && std::abs(value) < 1e7) return fmt::format("{:.0f}", value);
    return fmt::format("{:.{}g}", value, digits);
}

std::string fixed(double value, int decimals) {
    if (!std::isfinite(value)) return significant(value);
    std::string text = fmt::format("{:.{}f}", value, decimals);
    // "-0.000" reads as if it had a sign.
    if (text.find_first_not_of("-0.") == std::string::npos && text.front() == '-') text.erase(0, 1);
    return text;
}

std::string percent(double fraction, int decimals) {
    return std::isfinite(fraction) ? fixed(100 * fraction, decimals) + " %" : significant(fraction);
}

std::string interval(double low, double high, int decimals) {
    if (std::isnan(low) || std::isnan(high)) return "";
    return fmt::format("{} .. {}", fixed(low, decimals), fixed(high, decimals));
}

void Table::add(std::vector<std::string> cells) {
    cells.resize(columns_.size());
    for (std::string& cell : cells) cell = printable(cell);
    rows_.push_back(std::move(cells));
}

void Table::rule() { rows_.emplace_back(); }

std::string Table::text(std::size_t width) const {
    const std::size_t count = columns_.size();
    std::vector<std::size_t> widths(count);
    for (std::size_t c = 0; c < count; ++c) {
        widths[c] = width_of(columns_[c].title);
        for (const auto& row : rows_)
            if (!row.empty()) widths[c] = std::max(widths[c], width_of(row[c]));
    }
    const auto total = [&] {
        std::size_t sum = count > 0 ? 2 * (count - 1) : 0;
        for (const std::size_t w : widths) sum += w;
        return sum;
    };
    while (total() > width) {
        std::size_t widest = count;
        for (std::size_t c = 0; c < count; ++c)
            if (columns_[c].align == Align::left && widths[c] > 8 && (widest == count || widths[c] > widths[widest])) widest = c;
        if (widest == count) break;   // numbers are never cut: a wrong number is worse than a wide line
        --widths[widest];
    }
    std::string out;
    const auto line = [&](const auto& cell) {
        std::string text;
        for (std::size_t c = 0; c < count; ++c) {
            const std::string word = columns_[c].align == Align::left ? cut(cell(c), widths[c]) : cell(c);
            const std::string gap(widths[c] - std::min(widths[c], width_of(word)), ' ');
            text += columns_[c].align == Align::left ? word + gap : gap + word;
            if (c + 1 < count) text += "  ";
        }
        text.erase(text.find_last_not_of(' ') + 1);
        out += text + '\n';
    };
    line([&](std::size_t c) { return columns_[c].title; });
    for (const auto& row : rows_) {
        if (row.empty()) out += '\n';
        else line([&](std::size_t c) { return row[c]; });
    }
    return out;
}

std::string without_period(std::string sentence) {
    if (sentence.ends_with('.')) sentence.pop_back();
    return sentence;
}

std::string wrapped(std::string_view text, std::string_view indent, std::size_t width) {
    std::string out, line(indent);
    bool blank = true;
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t start = text.find_first_not_of(' ', i);
        if (start == std::string_view::npos) break;
        const std::size_t end = std::min(text.find(' ', start), text.size());
        const std::string word = printable(text.substr(start, end - start));
        if (!blank && width_of(line) + 1 + width_of(word) > width) {
            out += line + '\n';
            line = indent;
            blank = true;
        }
        if (!blank) line += ' ';
        line += word;
        blank = false;
        i = end;
    }
    return blank ? out : out + line + '\n';
}

}  // namespace assay::tools
