#include "libanalysis/evaluate/frame.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/core/text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>

namespace assay::evaluate {
namespace {

const Column* find(const std::vector<Column>& columns, std::string_view name) {
    const auto at = std::find_if(columns.begin(), columns.end(), [&](const Column& c) { return c.name == name; });
    return at == columns.end() ? nullptr : &*at;
}

std::optional<double> number(const std::string& word) {
    const std::optional<double> value = number_of(word);
    return value && !std::isnan(*value) ? value : std::nullopt;
}

}  // namespace

const Column* Frame::metric(std::string_view name) const { return find(metrics, without("metric.", name)); }

const Column* Frame::measure(std::string_view name) const {
    name = without("measure.", name);
    if (const Column* exact = find(measures, name)) return exact;
    const Column* only = nullptr;
    for (const Column& column : measures) {
        if (split_column(column.name).measure != name) continue;
        if (only) return nullptr;   // two columns of one measure: the caller has to say which
        only = &column;
    }
    return only;
}

const Factor& Frame::factor(std::string_view name) const {
    const std::string_view bare = without("config.", name);
    for (const Factor& factor : config)
        if (factor.name == bare) return factor;
    std::string known;
    for (const Factor& factor : config) known += (known.empty() ? "config." : ", config.") + factor.name;
    throw Error(ErrorKind::usage, {"group " + std::string(name), known.empty() ? "a zoo with config columns" : "one of " + known,
                                   known.empty() ? "none" : std::string(name)});
}

std::string element_name(std::string_view column, std::size_t index) { return std::string(column) + "#" + std::to_string(index); }

std::string ColumnParts::request() const { return parameters.empty() ? measure : measure + "[" + parameters + "]"; }

std::vector<std::vector<double>> computed_rows(const Frame& frame, std::span<const std::string> columns) {
    std::vector<std::vector<double>> rows(frame.size(), std::vector<double>(columns.size(), missing));
    for (std::size_t c = 0; c < columns.size(); ++c) {
        if (const Column* column = frame.measure(columns[c])) {
            for (std::size_t i = 0; i < rows.size(); ++i) rows[i][c] = column->values[i];
            continue;
        }
        const std::size_t mark = columns[c].rfind('#');
        std::size_t index = 0;
        if (mark == std::string::npos || std::from_chars(columns[c].data() + mark + 1, columns[c].data() + columns[c].size(), index).ec != std::errc{}) continue;
        for (const ArrayColumn& array : frame.arrays)
            if (element_name(array.name, index) == columns[c])
                for (std::size_t i = 0; i < rows.size(); ++i)
                    if (index < array.values[i].size()) rows[i][c] = array.values[i][index];
    }
    return rows;
}

ColumnParts split_column(std::string_view name) {
    ColumnParts parts;
    const std::size_t end = name.find_first_of("[.#");
    parts.measure = name.substr(0, end);
    if (end == std::string_view::npos) return parts;
    std::string_view rest = name.substr(end);
    if (rest.front() == '[') {
        const std::size_t close = std::min(rest.find(']'), rest.size());
        parts.parameters = rest.substr(1, close - 1);
        rest = rest.substr(std::min(close + 1, rest.size()));
    }
    if (rest.starts_with('.')) parts.convention = rest.substr(1, rest.find('#') - 1);
    return parts;
}

std::size_t coverage(const Column& column) {
    return static_cast<std::size_t>(
        std::count_if(column.values.begin(), column.values.end(), [](double value) { return std::isfinite(value); }));
}

std::size_t repeated_rows(const Frame& frame) {
    std::set<std::string> names, contents;
    std::size_t repeated = 0;
    for (std::size_t row = 0; row < frame.size(); ++row) {
        std::string content;   // settings as words, each with its length before it; numbers by their bits, every NaN alike
        for (const Factor& factor : frame.config) content += std::to_string(factor.values[row].size()) + ":" + factor.values[row];
        for (const std::vector<Column>* columns : {&frame.metrics, &frame.measures})
            for (const Column& column : *columns) {
                const double value = std::isnan(column.values[row]) ? missing : column.values[row] + 0.0;   // -0 is 0
                content.append(reinterpret_cast<const char*>(&value), sizeof value);
            }
        for (const ArrayColumn& array : frame.arrays)
            for (const double value : array.values[row]) content.append(reinterpret_cast<const char*>(&value), sizeof value);
        const bool new_name = names.insert(frame.models[row]).second, new_content = contents.insert(std::move(content)).second;
        if (!new_name || !new_content) ++repeated;
    }
    return repeated;
}

std::vector<std::string> levels(const Factor& factor) {
    std::vector<std::string> words = factor.values;
    std::erase(words, "");
    std::sort(words.begin(), words.end());
    words.erase(std::unique(words.begin(), words.end()), words.end());
    if (std::all_of(words.begin(), words.end(), [](const std::string& word) { return number(word).has_value(); }))
        std::stable_sort(words.begin(), words.end(),
                         [](const std::string& a, const std::string& b) { return *number(a) < *number(b); });
    return words;
}

std::vector<int> level_of_model(const Factor& factor) {
    const std::vector<std::string> words = levels(factor);
    std::vector<int> level;
    level.reserve(factor.values.size());
    for (const std::string& word : factor.values) {
        const auto at = std::find(words.begin(), words.end(), word);
        level.push_back(at == words.end() ? -1 : static_cast<int>(at - words.begin()));
    }
    return level;
}

}  // namespace assay::evaluate
