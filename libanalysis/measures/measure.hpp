#pragma once
// A measure is a constant: name, formula, source, what it needs, what it computes. One file, one row in catalogue.def, one
// test. The table of the CLI, the store's keys, the report and docs/measures.md follow from the row.

#include "libanalysis/core/json.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace assay::measures {

class Subject;

/// Bits of what a measure needs; a predictor's features may not need `test_labels`.
enum class Need : std::uint32_t {
    none = 0, weights = 1, architecture = 2, init = 4, train_data = 8, train_labels = 16, test_data = 32, test_labels = 64,
};
constexpr Need operator|(Need a, Need b) { return static_cast<Need>(static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b)); }
constexpr bool has(Need set, Need bit) { return (static_cast<std::uint32_t>(set) & static_cast<std::uint32_t>(bit)) != 0; }

/// What a larger value is held to mean for the generalisation gap.
enum class Direction { larger_gap, smaller_gap, none };

using Parameters = std::map<std::string, std::string>;   ///< {"sparsity", "0.9"}

/// One number (or array) about a model or one of its layers; or the reason why there is none.
struct Value {
    std::string layer{};        ///< empty: the whole model
    std::string convention{};   ///< exact, paper, dziugaite, pgdl, weightwatcher, matrix, circular; "" where there is only one
    Parameters parameters{};
    std::variant<std::monostate, double, std::vector<double>> value{};
    std::optional<double> standard_error{};
    std::string reason{};       ///< why there is no value: never a NaN without a reason
    std::string objective{};    ///< for losses: "cross_entropy, mean, no regulariser, BatchNormalization inference"
    bool ok() const { return value.index() != 0; }
};

struct Measure {
    std::string_view name{};        ///< stable key. Never reused.
    std::string_view formula{};     ///< LaTeX, in the symbols of docs/notation.md
    std::string_view source{};      ///< key in docs/references.bib
    Need needs = Need::none;
    Direction direction = Direction::none;
    std::string_view conventions{};  ///< comma-separated, default first; "" for one
    std::string_view parameters{};   ///< grammar with defaults: "sparsity=0.5|0.9" (each alternative is computed by default)
    int version = 1;               ///< raised when the numbers change
    std::string_view ingredients{};  ///< names of shared ingredients, comma-separated
    std::string_view cost{};         ///< of many passes, in words: computed on request (by name or family), not as part of "all"
    std::string_view doc{};          ///< one sentence
    /// Values for the requested parameters (empty: the defaults). Missing needs are checked by the caller.
    std::vector<Value> (*compute)(Subject&, const Parameters&) = nullptr;
};

std::span<const Measure* const> catalogue();

/// A request as typed: "masked_accuracy[sparsity=0.9]", "spectral_norm", a family ("margins"), "all" (every measure
/// that states no cost).
struct Request { const Measure* measure; Parameters parameters; };
/// @throws Error{usage} naming the word and near names.
std::vector<Request> parse_requests(std::string_view list);

/// measure.<name>[<k=v,...>][.<convention>]: the column of a value in exports; layers are not part of it.
std::string column_name(std::string_view measure, const Value& value);

}  // namespace assay::measures
