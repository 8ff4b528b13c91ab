#include "libanalysis/measures/ingredients/training_primal.hpp"

namespace assay::measures::ingredients {

TrainingPrimal::Value TrainingPrimal::compute(Subject& subject, const Key& key) {
    const data::Rows* rows = subject.rows("train");
    if (!rows) throw Error(ErrorKind::missing, {"data", "train rows", "none"});
    engine::Objective objective = engine::objective_of(subject.model(), subject.options().loss, key.regularised ? -1.0 : 0.0);
    Context context = subject.context();
    context.memory /= 2;
    return std::make_unique<engine::Primal>(subject.network(), subject.backend(), subject.parameters("final"), *rows, std::move(objective), std::move(context));
}

const engine::Primal& training_primal(Subject& subject) { return *subject.get<TrainingPrimal>({true}); }

const engine::Primal& unregularised_primal(Subject& subject) {
    const engine::Primal& primal = training_primal(subject);
    return primal.objective().regularised() ? *subject.get<TrainingPrimal>({false}) : primal;
}

std::string objective_words(Subject& subject, const engine::Primal& primal) {
    return engine::describe(primal.objective(), subject.model(), primal.count());
}

}  // namespace assay::measures::ingredients
