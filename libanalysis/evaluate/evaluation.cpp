#include "libanalysis/evaluate/evaluation.hpp"

#include <algorithm>
#include <cmath>

namespace assay::evaluate {
namespace {

struct Candidate {
    Column column;
    Role role;
};

// Baselines come from the measures; a train loss that was only logged serves as well.
std::vector<Candidate> candidates(const Frame& frame, const EvaluationOptions& options) {
    std::vector<Candidate> all;
    bool train_loss = false;
    for (const Column& column : frame.measures) {
        const std::string measure = split_column(column.name).measure;
        train_loss = train_loss || (measure == "train_loss" && coverage(column) > 0);
        if (options.wanted && !options.wanted(column.name) && !is_baseline(measure)) continue;
        const bool answer = options.needs_test_labels && options.needs_test_labels(measure);
        all.push_back({column, answer ? Role::needs_test_labels : is_baseline(measure) ? Role::baseline : Role::measure});
    }
    if (const Column* logged = frame.metric("train_loss"); logged && !train_loss)
        all.push_back({{"metric.train_loss", logged->values}, Role::baseline});
    return all;
}

Json number_or_null(double value) { return std::isnan(value) ? Json(nullptr) : number_to_json(value); }

}  // namespace

std::string_view to_string(Role role) {
    switch (role) {
        case Role::measure: return "measure";
        case Role::baseline: return "baseline";
        case Role::needs_test_labels: return "needs_test_labels";
    }
    return "measure";
}

bool is_baseline(std::string_view measure) { return measure == "parameter_count" || measure == "depth" || measure == "train_loss"; }

Evaluation evaluate(const Frame& frame, const EvaluationOptions& options) {
    Evaluation result;
    result.protocol = &protocol(options.protocol);
    result.replicates = options.replicates;
    result.level = options.level;
    std::vector<int> groups;
    result.resampled = "models";
    if (!options.group.empty()) {
        const Factor& factor = frame.factor(options.group);
        groups = level_of_model(factor);
        result.resampled = "groups of config." + factor.name;
    }
    const std::vector<Candidate> tried = candidates(frame, options);
    std::vector<Column> counted;
    for (const Candidate& candidate : tried)
        if (candidate.role != Role::needs_test_labels) counted.push_back(candidate.column);
    result.measures_tried = counted.size();

    for (Target& target : targets(frame)) {
        TargetScores scores{std::move(target), {}, {}};
        const Seed seed = options.seed.child(scores.target.name);
        scores.chance = chance(*result.protocol, counted, scores.target.values, frame.config, options.replicates, seed.child("chance"));
        for (const Candidate& candidate : tried) {
            const auto& values = candidate.column.values;
            const std::vector<std::size_t> rows = complete_rows(values, scores.target.values);
            const Problem problem{values, scores.target.values, frame.config, rows};
            MeasureScore score{candidate.column.name, candidate.role, rows.size(), result.protocol->score(problem), {}};
            if (!std::isnan(score.score.value)) {
                // One seed for all measures: their intervals rest on the same draws, so that two of them can be compared.
                score.interval = bootstrap(*result.protocol, problem,
                                           {options.replicates, options.level, seed.child("bootstrap"), groups});
                score.beyond_chance = std::abs(score.score.value) > scores.chance.largest;
            }
            scores.scores.push_back(std::move(score));
        }
        std::stable_sort(scores.scores.begin(), scores.scores.end(), [](const MeasureScore& a, const MeasureScore& b) {
            const bool a_sees = a.role == Role::needs_test_labels, b_sees = b.role == Role::needs_test_labels;
            if (a_sees != b_sees) return b_sees;
            const double x = std::isnan(a.score.value) ? -1 : std::abs(a.score.value);
            const double y = std::isnan(b.score.value) ? -1 : std::abs(b.score.value);
            return x != y ? x > y : a.measure < b.measure;
        });
        result.targets.push_back(std::move(scores));
    }
    if (result.targets.empty())
        throw Error(ErrorKind::data,
                    {"targets", "a test accuracy of at least three models, logged (metric.test_accuracy) or measured, that is not "
                                "the same for all", "none",
                     "Run the zoo with labelled test data, or put test_accuracy into its metrics.csv"});
    return result;
}

Json Evaluation::to_json() const {
    Json json{{"protocol", protocol->name}, {"summary", protocol->summary}, {"source", protocol->source},
              {"resampled", resampled}, {"replicates", replicates}, {"level", level}, {"measures_tried", measures_tried}};
    json["targets"] = Json::array();
    json["measures"] = Json::array();
    for (const TargetScores& one : targets) {
        json["targets"].push_back({{"target", one.target.name}, {"source", one.target.source}, {"models", one.target.models},
                                   {"chance", {{"standard_deviation", number_or_null(one.chance.spread)},
                                               {"single_95", number_or_null(one.chance.single)},
                                               {"largest_95", number_or_null(one.chance.largest)},
                                               {"permutations", one.chance.permutations}}}});
        for (const MeasureScore& score : one.scores) {
            Json row{{"measure", score.measure}, {"target", one.target.name}, {"role", to_string(score.role)},
                     {"score", number_or_null(score.score.value)}, {"low", number_or_null(score.interval.low)},
                     {"high", number_or_null(score.interval.high)}, {"models", score.models},
                     {"beyond_chance", score.beyond_chance}};
            if (!score.score.reason.empty()) row["reason"] = score.score.reason;
            json["measures"].push_back(std::move(row));
        }
    }
    return json;
}

}  // namespace assay::evaluate
