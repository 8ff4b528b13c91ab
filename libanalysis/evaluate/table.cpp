#include "libanalysis/evaluate/table.hpp"

#include "libanalysis/core/csv.hpp"
#include "libanalysis/core/error.hpp"
#include "libanalysis/core/text.hpp"
#include "libanalysis/evaluate/design.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <optional>
#include <type_traits>

namespace assay::evaluate {
namespace {

std::string lower(std::string word) {
    std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return word;
}

struct Filter {
    std::size_t column;
    std::optional<std::string> value;
    bool keeps(const std::string& cell) const {
        const std::string word = lower(cell);
        return value ? word == *value : !word.empty() && word != "0" && word != "false";
    }
};

// Of the one name in a header without a comma: tables of other programs part their cells by something else.
void refuse_other_separators(const std::vector<std::string>& header, const std::string& where) {
    if (header.size() != 1) return;
    const std::string& only = header.front();
    const char* found = only.find(';') != std::string::npos ? "semicolons" : only.find('\t') != std::string::npos ? "tabs" : nullptr;
    if (found)
        throw Error(ErrorKind::format, {where + " line 1", "names of columns with commas between", std::string("a line with ") + found + " between",
                                        "Save the table with commas between cells and a point in numbers"});
}

std::vector<CsvRow> rows_of(std::string_view text, const std::string& where) {
    std::vector<CsvRow> rows = parse_csv(text, where);
    if (rows.empty()) throw Error(ErrorKind::format, {where, "a header line", "an empty table"});
    refuse_other_separators(rows.front().cells, where);
    return rows;
}

class Reader {
public:
    Reader(std::string_view text, std::string_view where, const TableColumns& columns) : where_(where), columns_(columns), rows_(rows_of(text, where_)) {
        for (const std::string& name : header())
            if (!name.empty() && std::count(header().begin(), header().end(), name) > 1)
                throw Error(ErrorKind::format, {where_, "columns with names of their own", "two columns " + name});
        for (std::size_t row = 1; row < rows_.size(); ++row)
            if (rows_[row].cells.size() != header().size())
                throw Error(ErrorKind::format, {where_ + " line " + std::to_string(rows_[row].line), std::to_string(header().size()) + " cells",
                                                std::to_string(rows_[row].cells.size())});
        for (const std::string& condition : columns.where) {
            const std::size_t equals = condition.find('=');
            Filter filter{column(condition.substr(0, equals), "--where"), {}};
            if (equals != std::string::npos) filter.value = lower(condition.substr(equals + 1));
            filters_.push_back(std::move(filter));
        }
        for (std::size_t row = 1; row < rows_.size(); ++row)
            if (std::all_of(filters_.begin(), filters_.end(), [&](const Filter& filter) { return filter.keeps(rows_[row].cells[filter.column]); }))
                kept_.push_back(row);
        if (kept_.empty()) throw Error(ErrorKind::data, {where_, "rows", rows_.size() > 1 ? "none that --where leaves" : "none"});
    }

    Frame frame() const {
        Frame frame;
        name_models(frame);
        if (!columns_.gap.empty()) frame.metrics.push_back({columns_.gap, numbers(column(columns_.gap, "--gap"))});
        for (std::size_t c = 0; c < header().size(); ++c) {
            const std::string& name = header()[c];
            if (name == columns_.gap) continue;
            if (columns_.config ? columns_.config(name) : name.starts_with("config.")) {
                Factor factor{std::string(without("config.", name)), {}};
                for (const std::size_t row : kept_) factor.values.push_back(rows_[row].cells[c]);
                frame.config.push_back(std::move(factor));
            } else if (columns_.measure ? columns_.measure(name) : name.starts_with("measure.")) {
                frame.measures.push_back({std::string(without("measure.", name)), numbers(c)});
                if (columns_.shares) check_share(c, split_column(frame.measures.back().name).measure, frame.measures.back().values);
            } else if (name.starts_with("metric.")) {
                if (std::optional<std::vector<double>> values = numbers_if(c)) {
                    frame.metrics.push_back({std::string(without("metric.", name)), std::move(*values)});
                    if (columns_.shares) check_share(c, frame.metrics.back().name, frame.metrics.back().values);
                }
            }
        }
        if (columns_.config_required && frame.config.empty()) throw Error(ErrorKind::usage, {"--config", "a pattern of columns of " + where_ + ": " + some_columns(header()), "none that matches"});
        if (frame.measures.empty())
            throw Error(ErrorKind::data, {where_, columns_.measure ? "columns that --measure matches and --config does not" : "columns that begin with measure.", "none",
                                          "Name them by a pattern, for example --measure 'complexity.*'"});
        return frame;
    }

private:
    const std::vector<std::string>& header() const { return rows_[0].cells; }
    std::size_t column(const std::string& name, const char* option) const {
        const auto at = std::find(header().begin(), header().end(), name);
        if (at != header().end()) return static_cast<std::size_t>(at - header().begin());
        throw Error(ErrorKind::usage, {option, "a column of " + where_ + ": " + some_columns(header(), name), name});
    }
    // Percent taken for shares would give gaps of 50 and negative errors without a word.
    void check_share(std::size_t column, const std::string& name, const std::vector<double>& values) const {
        if (name != "train_accuracy" && name != "test_accuracy") return;
        for (std::size_t k = 0; k < values.size(); ++k)
            if (values[k] < 0 || values[k] > 1)
                throw Error(ErrorKind::data, {where_ + " line " + std::to_string(rows_[kept_[k]].line) + ", column " + header()[column], "an accuracy between 0 and 1",
                                              rows_[kept_[k]].cells[column], values[k] > 1 && values[k] <= 100 ? "Divide by 100" : ""});
    }
    void name_models(Frame& frame) const {
        for (const char* name : {"model", "path", "name"}) {
            const auto at = std::find(header().begin(), header().end(), name);
            if (at == header().end()) continue;
            for (const std::size_t row : kept_) frame.models.push_back(rows_[row].cells[static_cast<std::size_t>(at - header().begin())]);
            return;
        }
        for (const std::size_t row : kept_) frame.models.push_back("line " + std::to_string(rows_[row].line));
    }
    std::vector<double> numbers(std::size_t column) const {
        std::vector<double> values;
        for (const std::size_t row : kept_) {
            const std::string& cell = rows_[row].cells[column];
            const std::optional<double> value = number_in(cell);
            if (!is_missing(cell) && !value)
                throw Error(ErrorKind::format, {where_ + " line " + std::to_string(rows_[row].line) + ", column " + header()[column], "a number", cell.substr(0, 60)});
            values.push_back(value.value_or(missing));
        }
        return values;
    }

    // Nothing where a cell is text.
    std::optional<std::vector<double>> numbers_if(std::size_t column) const {
        for (const std::size_t row : kept_)
            if (const std::string& cell = rows_[row].cells[column]; !is_missing(cell) && !number_in(cell)) return std::nullopt;
        return numbers(column);
    }
    // "nan" is a number, which is missing as well.
    static bool is_missing(const std::string& cell) {
        const std::string word = lower(cell);
        return word.empty() || word == "na" || word == "n/a" || word == "-";
    }
    // A number, or true or false as 1 or 0, which is how a store's facts are exported.
    static std::optional<double> number_in(const std::string& cell) {
        const std::string word = lower(cell);
        return word == "true" ? 1.0 : word == "false" ? 0.0 : number_of(cell);
    }

    std::string where_;
    const TableColumns& columns_;
    std::vector<CsvRow> rows_;
    std::vector<Filter> filters_;
    std::vector<std::size_t> kept_;
};

template <class Pick>
Frame picked(const Frame& frame, const Pick& pick) {
    Frame result;
    pick(frame.models, result.models);
    for (const Factor& factor : frame.config) pick(factor.values, result.config.emplace_back(Factor{factor.name, {}}).values);
    for (const Column& column : frame.metrics) pick(column.values, result.metrics.emplace_back(Column{column.name, {}}).values);
    for (const Column& column : frame.measures) pick(column.values, result.measures.emplace_back(Column{column.name, {}}).values);
    return result;
}

}  // namespace

std::vector<std::string> columns_of_csv(std::string_view text, std::string_view where) { return rows_of(text, std::string(where)).front().cells; }

std::string some_columns(const std::vector<std::string>& columns, std::string_view wanted) {
    const std::string word = lower(std::string(wanted.substr(wanted.find('.') == std::string_view::npos ? 0 : wanted.find('.') + 1)));
    std::vector<std::string> sorted = columns;
    if (!word.empty())
        std::stable_partition(sorted.begin(), sorted.end(), [&](const std::string& one) {
            const std::string name = lower(one);
            return name.find(word) != std::string::npos || word.find(name) != std::string::npos;
        });
    std::string known;
    for (const std::string& one : sorted) {
        if (known.size() >= 300) return known + ", ...";
        known += (known.empty() ? "" : ", ") + one;
    }
    return known;
}

Frame frame_of_csv(std::string_view text, std::string_view where, const TableColumns& columns) { return Reader(text, where, columns).frame(); }

Frame complete_models(const Frame& frame, const std::function<bool(std::string_view)>& wanted) {
    std::vector<std::size_t> rows;
    for (std::size_t row = 0; row < frame.size(); ++row)
        if (std::all_of(frame.measures.begin(), frame.measures.end(),
                        [&](const Column& column) { return !wanted(column.name) || std::isfinite(column.values[row]); }))
            rows.push_back(row);
    return picked(frame, [&](const auto& from, auto& to) {
        for (const std::size_t row : rows) to.push_back(from[row]);
    });
}

Frame average_repeats(const Frame& frame) {
    const Design design(frame.config);
    std::vector<std::vector<std::size_t>> runs;
    for (std::size_t row = 0; row < frame.size(); ++row) {
        const int configuration = frame.config.empty() ? -1 : design.configuration()[row];
        if (configuration < 0) continue;
        if (static_cast<std::size_t>(configuration) >= runs.size()) runs.resize(static_cast<std::size_t>(configuration) + 1);
        runs[static_cast<std::size_t>(configuration)].push_back(row);
    }
    Frame result = picked(frame, [&](const auto& from, auto& to) {
        for (const auto& rows : runs) {
            using Value = std::decay_t<decltype(from[0])>;
            if constexpr (std::is_same_v<Value, double>) {
                double sum = 0;
                for (const std::size_t row : rows) sum += from[row];
                to.push_back(sum / static_cast<double>(rows.size()));
            } else {
                to.push_back(from[rows.front()]);
            }
        }
    });
    for (std::size_t k = 0; k < runs.size(); ++k)
        if (runs[k].size() > 1) result.models[k] += " and " + std::to_string(runs[k].size() - 1) + " more runs";
    return result;
}

}  // namespace assay::evaluate
