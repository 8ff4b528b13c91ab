#include "libanalysis/engine/loss.hpp"

#include "libanalysis/core/error.hpp"

namespace assay::engine {

namespace loss_functions {
#define ASSAY_LOSS(name) extern const Loss name##_loss;
#include "libanalysis/engine/losses/losses.def"
#undef ASSAY_LOSS
}  // namespace loss_functions

namespace {

std::string known_losses() {
    std::string names;
    for (const Loss* loss : losses()) names += (names.empty() ? "" : ", ") + std::string(loss->name);
    return names;
}

/// The function of the first output's last layer where that is an activation, else "".
std::string final_activation(const model::Model& model) {
    if (!model.architecture || model.architecture->outputs.empty()) return "";
    const model::Node& node = model.architecture->graph[model.architecture->outputs.front()];
    return node.kind == "activation" ? node.attributes.value("function", "") : "";
}

}  // namespace

std::span<const Loss* const> losses() {
#define ASSAY_LOSS(name) &loss_functions::name##_loss,
    static constexpr const Loss* all[] = {
#include "libanalysis/engine/losses/losses.def"
    };
#undef ASSAY_LOSS
    return all;
}

const Loss* find_loss(std::string_view name) {
    for (const Loss* loss : losses()) {
        if (loss->name == name) return loss;
    }
    return nullptr;
}

const Loss& choose_loss(const model::Model& model, std::string_view declared) {
    const std::string advice = "Declare the loss: one of " + known_losses() + ".";
    const std::string activation = final_activation(model);
    if (!declared.empty()) {
        if (const Loss* loss = find_loss(declared)) return *loss;
        throw Error(ErrorKind::usage, {"declared loss", "one of " + known_losses(), std::string(declared)});
    }
    if (!model.facts.loss.empty()) {
        const Loss* loss = find_loss(model.facts.loss);
        if (!loss) throw Error(ErrorKind::unsupported, {model.path + ", loss", "one of " + known_losses(), model.facts.loss, advice});
        // A loss of logits undoes its own activation; behind another one it would be computed from something else.
        const bool folds_another = !loss->activation.empty() && (activation == "softmax" || activation == "sigmoid") && activation != loss->activation;
        if (folds_another) {
            throw Error(ErrorKind::unsupported, {model.path + ", loss " + std::string(loss->name), "outputs that are logits or end in " + std::string(loss->activation),
                                                 "a final " + activation, advice});
        }
        return *loss;
    }
    for (const Loss* loss : losses()) {
        if (!activation.empty() && loss->activation == activation) return *loss;
    }
    throw Error(ErrorKind::unsupported, {model.path + ", loss", "a loss in the file, or a final softmax or sigmoid",
                                         activation.empty() ? "neither" : "no loss and a final " + activation, advice});
}

}  // namespace assay::engine
