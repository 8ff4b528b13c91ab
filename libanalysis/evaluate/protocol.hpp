#pragma once
// A protocol asks whether a measure orders models as the target does, and answers with one number. One file, one row in
// protocols.def, one test.

#include "libanalysis/evaluate/design.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace assay::evaluate {

struct Settings {
    double test_examples = 10000;          ///< behind every test accuracy: how far two gaps must lie apart to tell (sign-error)
    double least_effective_pairs = 12;     ///< of an environment that counts (sign-error)
};

/// What a protocol sees. `rows` are the models that count, in any order; resampling repeats some of them, and a pair of one model
/// with itself is then no pair.
struct Problem {
    std::span<const double> measure;          ///< of every model; may be NaN outside `rows`, never inside
    std::span<const double> target;
    const Design* design = nullptr;           ///< null: nothing is known about hyper-parameters
    std::span<const std::size_t> rows{};
    Settings settings{};
};

/// A number, or the reason why there is none (then `value` is NaN).
struct Score {
    double value = missing;
    std::string reason{};
};

/// The environment in which a measure does worst (in the direction of its own score, where a score has one), and further numbers of a protocol ("p90"), in the order of their columns.
struct Detail {
    std::string worst{};             ///< in words; empty where there is only one environment
    double worst_score = missing;
    std::vector<std::pair<std::string, double>> numbers{};
    std::string note{};              ///< a choice that the protocol had to make
};

/// How scores compare.
enum class Sense {
    signed_score,   ///< between -1 and 1, 0 knows nothing: the magnitude counts
    gain,           ///< more is better
    loss,           ///< less is better
};

/// How an interval for a score is made.
enum class Resampling {
    bootstrap,   ///< models drawn with replacement
    jackknife,   ///< parts of the models left out in turn: for scores that a model beside its own copy would push to one side
    none,        ///< a maximum over environments is an end of its own resamples
};

struct Protocol {
    std::string_view name;      ///< "kendall": command line, JSON, report
    std::string_view symbol;    ///< heading of a column
    std::string_view summary;
    std::string_view source;
    Sense sense = Sense::signed_score;
    bool oriented = false;      ///< asks for a measure that grows with the gap: one that is held to fall with it is negated first
    bool mirrored = false;      ///< the negated measure has 1 - score: a score far on the wrong side tells as much as one on the right side
    Resampling resampling = Resampling::bootstrap;
    int decimals = 3;           ///< worth printing
    double perfect = 1;         ///< the best score there is
    /// The score of a measure that knows nothing; `problem.measure` does not matter.
    double (*uninformed)(const Problem&) = [](const Problem&) { return 0.0; };
    Score (*score)(const Problem&) = nullptr;
    /// About how many pairs of models one score looks at, so that resampling can be kept affordable; null: as good as none.
    double (*pairs)(const Problem&) = nullptr;
    Detail (*detail)(const Problem&) = nullptr;   ///< null: none
};

/// Larger for the better score, whatever its sense: for orders and for thresholds of luck.
double strength(Sense sense, double score);
/// The score that has this strength (the positive one of two).
double score_of_strength(Sense sense, double strength);

std::span<const Protocol* const> protocols();

/// @throws Error{usage} naming the protocols there are.
const Protocol& protocol(std::string_view name);

/// Models that have both numbers (NaN is missing; infinities have a place in the order and stay).
std::vector<std::size_t> complete_rows(std::span<const double> measure, std::span<const double> target);

}  // namespace assay::evaluate
