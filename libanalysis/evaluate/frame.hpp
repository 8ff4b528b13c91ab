#pragma once
// A plain table of numbers about models, as protocols and predictors see it: one row a model. Where it came from (a store, a
// file of somebody's own measures) does not matter here.

#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace assay::evaluate {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

/// One number a model; NaN where the model has none.
struct Column {
    std::string name;
    std::vector<double> values;
};

/// An array a model; empty where the model has none.
struct ArrayColumn {
    std::string name;
    std::vector<std::vector<double>> values;
};

/// The i-th number of an array as a column: "weight_statistics.positional#12".
std::string element_name(std::string_view column, std::size_t index);

/// A hyper-parameter: one word a model, "" where it is not known. Equal words are equal settings.
struct Factor {
    std::string name;   ///< without the prefix "config."
    std::vector<std::string> values;
};

struct Frame {
    std::vector<std::string> models;
    std::vector<Factor> config;
    std::vector<Column> metrics;    ///< logged during training, by whoever trained; names without "metric."
    std::vector<Column> measures;   ///< computed; names "<measure>[k=v,...][.convention]" without "measure."
    std::vector<ArrayColumn> arrays{};   ///< computed arrays, for predictors alone
    std::size_t size() const { return models.size(); }

    const Column* metric(std::string_view name) const;    ///< null where there is none; a prefix "metric." is accepted
    const Column* measure(std::string_view name) const;   ///< by full name, else by the one column of that measure; "measure." accepted
    /// By name, "config." accepted. @throws Error{usage} naming the factors there are.
    const Factor& factor(std::string_view name) const;
};

/// What was computed of every model, by the names of measures and of elements of arrays: [models][columns]; `missing` is what it does not have.
std::vector<std::vector<double>> computed_rows(const Frame& frame, std::span<const std::string> columns);

/// A measure's column name taken apart: "masked_accuracy[sparsity=0.9].exact".
struct ColumnParts {
    std::string measure;      ///< masked_accuracy
    std::string parameters;   ///< sparsity=0.9
    std::string convention;   ///< exact; without the number of an array's element
    std::string request() const;   ///< masked_accuracy[sparsity=0.9]: what one asks the catalogue for
};
ColumnParts split_column(std::string_view name);

/// Number of values that are finite.
std::size_t coverage(const Column& column);

/// Rows that have the name of an earlier one, or all its settings and numbers (missing ones too): they are no models of their own.
std::size_t repeated_rows(const Frame& frame);

/// Settings of a factor in their natural order: by number where all are numbers, else by word. Empty words are left out.
std::vector<std::string> levels(const Factor& factor);

/// For every model the index of its setting in levels(factor); -1 where it has none.
std::vector<int> level_of_model(const Factor& factor);

}  // namespace assay::evaluate
