#pragma once
// A rule looks for one thing that is wrong, or at least odd, with a model, its data or a zoo. One file in rules/, one row in
// rules.def, one test.

#include "libanalysis/core/json.hpp"
#include "libanalysis/engine/outline.hpp"
#include "libanalysis/measures/subject.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace assay::lint {

enum class Severity { note, warning, error };
std::string_view to_string(Severity severity);

/// One thing found.
struct Finding {
    std::string_view rule;      ///< id
    Severity severity;
    std::string file;           ///< the file it is about
    std::string where;          ///< layer, tensor, column, split; may be empty
    std::string message;        ///< what was found, with numbers; no advice: that is the rule's
};

/// What rules on one model look at.
struct ModelMaterial {
    const model::Model& model;
    const std::vector<engine::NodeOutline>& outline;   ///< by vertex; empty without an architecture
    const model::Weights* init = nullptr;              ///< initial weights, where they are known
};

/// What rules on a data set look at.
struct DataMaterial {
    const data::Dataset& dataset;
    /// row_hashes(split), computed once for all rules.
    const std::vector<std::uint64_t>& hashes(const data::Split& split) const;
    mutable std::map<const data::Split*, std::vector<std::uint64_t>> memo{};
};

/// What rules on a model that is run on data look at. The rows of "train" and "test" are set where the data have them; a rule runs on a
/// seeded sample of at most 1,000 of them.
struct RunMaterial {
    measures::Subject& subject;
};

/// A row of a zoo, as its manifest or its store has it.
struct ZooModel {
    std::string path, content;                    ///< content hash; "" where it was not read
    std::map<std::string, std::string> config;    ///< words
    std::map<std::string, double> metrics;        ///< logged
    std::map<std::string, double> measures;       ///< computed, by column
    double train_rows = 0;                        ///< 0 where nothing tells it
};
/// A file of a zoo that could not be read, with the kind of the error ("format", "timeout", "crash") and its message.
struct Unread {
    std::string path, kind, reason;
};
struct ZooMaterial {
    std::string zoo;
    std::span<const ZooModel> models;
    std::span<const std::string> warnings;        ///< of reading the manifest
    std::span<const Unread> unread{};
};

/// Collects the findings of one rule.
class Report {
public:
    Report(const struct Rule& rule, std::string file, std::vector<Finding>& findings) : rule_(rule), file_(std::move(file)), findings_(findings) {}
    void add(std::string where, std::string message);
    /// A lighter or graver case of the rule than usual.
    void add(Severity severity, std::string where, std::string message);

private:
    const struct Rule& rule_;
    std::string file_;
    std::vector<Finding>& findings_;
};

struct Rule {
    std::string_view id;             ///< "dead-units"; never reused
    Severity severity = Severity::warning;
    std::string_view summary;        ///< one line
    std::string_view explanation;    ///< what it means, how it is decided, when it is harmless
    std::string_view advice;         ///< what to do
    // One of the four:
    void (*on_model)(const ModelMaterial&, Report&) = nullptr;
    void (*on_data)(const DataMaterial&, Report&) = nullptr;
    void (*on_run)(RunMaterial&, Report&) = nullptr;
    void (*on_zoo)(const ZooMaterial&, Report&) = nullptr;
};

std::span<const Rule* const> rules();
/// Null for an unknown id.
const Rule* find_rule(std::string_view id);

std::vector<Finding> check(const ModelMaterial& material);
std::vector<Finding> check(const DataMaterial& material);
/// A rule that cannot look (a network that cannot be built, targets that are no classes) is left out; the reason goes to `skipped`.
std::vector<Finding> check(RunMaterial& material, std::map<std::string, std::string>& skipped);
std::vector<Finding> check(const ZooMaterial& material);

Json to_json(const Finding& finding);
Finding finding_from_json(const Json& json);   ///< of a worker: a rule that is not known is an internal error

/// docs/lint.md
std::string rules_markdown();

}  // namespace assay::lint
