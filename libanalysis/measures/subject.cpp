#include "libanalysis/measures/subject.hpp"

#include "libanalysis/measures/input_shapes.hpp"

namespace assay::measures {

Subject::Subject(std::shared_ptr<const model::Model> final, Options options, Context context)
    : model_(std::move(final)), options_(std::move(options)), context_(std::move(context)) {}

void Subject::set_weights(std::string name, std::shared_ptr<const model::Weights> weights) {
    weights_[std::move(name)] = std::move(weights);
}

void Subject::set_rows(std::string split, data::Rows rows) { rows_[std::move(split)] = std::move(rows); }

void Subject::set_absence(std::string name, std::string reason) { absences_[std::move(name)] = std::move(reason); }

const std::string& Subject::absence(std::string_view name) const {
    static const std::string unstated;
    const auto found = absences_.find(name);
    return found == absences_.end() ? unstated : found->second;
}

const model::Weights* Subject::weights(std::string_view name) const {
    if (name == "final") return &model_->weights;
    const auto found = weights_.find(name);
    return found == weights_.end() ? nullptr : found->second.get();
}

const data::Rows* Subject::rows(std::string_view split) const {
    const auto found = rows_.find(split);
    return found == rows_.end() ? nullptr : &found->second;
}

engine::Backend& Subject::backend() {
    if (!backend_) backend_ = engine::make_cpu_backend();
    return *backend_;
}

const engine::Network& Subject::network() {
    if (network_) return *network_;
    engine::NetworkOptions network_options{.precision = options_.precision, .logits = true, .input_shapes = {},
                                           .micro_batches = backend().micro_batches()};
    if (!rows_.empty()) network_options.input_shapes = input_shapes_for(*model_, *rows_.begin()->second.split);
    auto network = std::make_unique<engine::Network>(*model_, network_options);
    // A final activation may only be folded into a loss that folds it: mean squared error compares probabilities.
    const engine::Loss* folding = nullptr;
    try {
        folding = &loss();
    } catch (const Error&) {
        // Undecided: measures of the loss will say so; accuracy and margins are those of the logits.
    }
    if (folding && !network->folded_activation().empty() && network->folded_activation() != folding->activation) {
        network_options.logits = false;
        network = std::make_unique<engine::Network>(*model_, network_options);
    }
    network_ = std::move(network);
    return *network_;
}

engine::ConstView Subject::parameters(std::string_view name) {
    if (const auto found = parameters_.find(name); found != parameters_.end()) return found->second.const_view();
    const model::Weights* values = weights(name);
    if (!values) throw Error(ErrorKind::missing, {"weights", std::string(name), "none"});
    return parameters_.emplace(std::string(name), network().pack(backend(), *values)).first->second.const_view();
}

const engine::Loss& Subject::loss() { return engine::choose_loss(*model_, options_.loss); }

void Subject::forget(std::string_view ingredient) {
    if (const auto found = memo_.find(ingredient); found != memo_.end()) memo_.erase(found);
}

std::size_t Subject::memo_bytes() const {
    std::size_t bytes = 0;
    for (const auto& [name, slots] : memo_) bytes += slots->bytes;
    return bytes;
}

}  // namespace assay::measures
