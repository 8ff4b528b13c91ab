#include "libanalysis/report/findings.hpp"

#include "libanalysis/core/error.hpp"

namespace assay::report {

Findings find(const Content& content, const FindingsOptions& options) {
    Findings found{frame_of(content.table), {}};
    evaluate::EvaluationOptions evaluation;
    evaluation.replicates = options.replicates;
    evaluation.seed = options.seed;
    evaluation.threads = options.threads;
    evaluation.needs_test_labels = options.needs_test_labels;
    evaluation.falls = options.falls;
    try {
        found.evaluation = evaluate::evaluate(found.frame, evaluation);
        found.matrices = protocol_matrices(found.frame, *found.evaluation, evaluation);
        for (const evaluate::TargetScores& target : found.evaluation->targets) found.breaks.push_back(where_it_breaks(found.frame, target));
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::data) throw;
        found.evaluation.reset();
        found.why_no_evaluation = error.what();
    }
    predict::FitOptions fit;
    fit.group = options.group;
    fit.replicates = options.replicates;
    fit.seed = options.seed;
    fit.threads = options.threads;
    fit.refusal = options.refusal;
    try {
        found.fit = predict::fit(found.frame, fit);
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::data) throw;
        found.why_no_fit = error.what();
    }
    return found;
}

}  // namespace assay::report
