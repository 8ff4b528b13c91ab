#pragma once
// The whole question: which measure orders the models as the target does, beside what is trivial and what is luck.

#include "libanalysis/core/json.hpp"
#include "libanalysis/evaluate/breaks.hpp"
#include "libanalysis/evaluate/chance.hpp"
#include "libanalysis/evaluate/targets.hpp"

#include <functional>
#include <optional>

namespace assay::evaluate {

enum class Role {
    measure,
    baseline,        ///< trivial: parameter count, train loss
    part_of_target,  ///< the target is made of it: train accuracy beside the gap
    needs_test_labels,   ///< looks at the answer (test accuracy, test loss): shown apart, never counted
};
std::string_view to_string(Role role);

struct MeasureScore {
    std::string measure;   ///< column name
    Role role = Role::measure;
    std::size_t models = 0;   ///< that have the measure and the target
    Score score;
    Interval interval;
    bool beyond_chance = false;   ///< better than Chance::largest, where there is such a number
    bool reversed = false;        ///< under a mirrored protocol: worse than Chance::reversed, so that it tells with its sign turned
    bool negated = false;         ///< for a protocol that asks for growth with the gap
    Detail detail{};
    std::vector<Break> breaks{};  ///< asked for by EvaluationOptions::breaks; the gravest first
    bool breaks_falling = false;  ///< they are those of the measure with its sign turned: its own score is negative
};

struct TargetScores {
    Target target;
    Chance chance;
    std::vector<MeasureScore> scores;   ///< the best first, then those without a score, then those that look at the answer
};

struct Evaluation {
    const Protocol* protocol = nullptr;
    std::string resampled;   ///< "models" or "groups of config.depth"
    std::size_t replicates = 0;   ///< 0: no intervals, no luck
    std::string intervals;        ///< how they are made, in words: "1000 resamples of models"; empty: there are none
    double level = 0;
    std::size_t measures_tried = 0;
    std::vector<TargetScores> targets;
    std::vector<std::string> notes;
    Json to_json() const;    ///< {"protocol", "measures": [{"measure", "target", "score", "low", "high", ...}], "targets": [...]}
};

struct EvaluationOptions {
    std::string protocol = "kendall";
    std::string group{};      ///< factor whose settings are resampled as a whole; empty: models
    std::string gap{};        ///< a column that is the target; empty: made from accuracies
    Settings settings{};
    std::size_t breaks = 0;   ///< how many to list for every measure
    /// Nothing: `most_replicates`, fewer where the protocol is costly, none where not even 50 are affordable; the result says so.
    std::optional<std::size_t> replicates{};
    std::size_t most_replicates = 1000;
    double looks = 2e10;      ///< at pairs of models, for resampling: 2e10 take one processor about twenty seconds
    double level = 0.95;
    Seed seed{};
    int threads = 1;          ///< the same numbers with any
    /// True for a measure that needs labelled test data, by the declared needs of its catalogue entry.
    std::function<bool(std::string_view measure)> needs_test_labels{};
    /// True for a measure that is held to fall with the gap (a margin).
    std::function<bool(std::string_view measure)> falls{};
    std::function<bool(std::string_view column)> wanted{};   ///< empty: all
};

/// @throws Error{data} when no target can be made, Error{usage} for an unknown protocol or group.
Evaluation evaluate(const Frame& frame, const EvaluationOptions& options);

/// Measures that anyone would try first: "parameter_count", "depth", "train_loss".
bool is_baseline(std::string_view measure);

}  // namespace assay::evaluate
