#include "formats/keras_facts.hpp"

#include "formats/keras_config.hpp"

#include <cctype>

namespace assay::formats::keras {
namespace {

std::string canonical_loss(const std::string& word) {
    const std::string name = snake_case(word);
    if (name == "categorical_crossentropy" || name == "sparse_categorical_crossentropy") return "cross_entropy";
    if (name == "binary_crossentropy") return "binary_cross_entropy";
    if (name == "mse" || name == "mean_squared_error") return "mean_squared_error";
    return word;
}

void read_loss(const Json& loss, model::TrainingFacts& facts) {
    if (loss.is_string()) {
        facts.loss = canonical_loss(loss.get<std::string>());
    } else if (loss.is_object() && loss.contains("class_name") && loss["class_name"].is_string()) {
        const Json& config = loss.contains("config") ? loss["config"] : Json();
        std::string name = loss["class_name"].get<std::string>();
        if (name == "function" && config.is_string()) name = config.get<std::string>();
        if (config.is_object()) {
            if (name == "LossFunctionWrapper" && config.contains("fn") && config["fn"].is_string()) name = config["fn"].get<std::string>();
            if (config.contains("from_logits") && config["from_logits"].is_boolean()) facts.from_logits = config["from_logits"].get<bool>();
        }
        facts.loss = canonical_loss(name);
    } else if ((loss.is_array() || loss.is_object()) && !loss.empty()) {   // one per output
        model::TrainingFacts first;
        read_loss(loss.is_array() ? loss[0] : *loss.begin(), first);
        bool alike = true;
        for (const Json& other : loss) {
            model::TrainingFacts next;
            read_loss(other, next);
            alike = alike && next.loss == first.loss && next.from_logits == first.from_logits;
        }
        facts.loss = alike ? first.loss : "several: " + loss.dump();
        if (alike) facts.from_logits = first.from_logits;
    }
}

void read_optimizer(const Json& optimizer, model::TrainingFacts& facts) {
    if (optimizer.is_string()) facts.optimizer = optimizer.get<std::string>();
    if (!optimizer.is_object()) return;
    if (optimizer.contains("class_name") && optimizer["class_name"].is_string()) {
        facts.optimizer = optimizer["class_name"].get<std::string>();
        facts.optimizer = facts.optimizer.substr(facts.optimizer.rfind('>') + 1);
    }
    if (!optimizer.contains("config") || !optimizer["config"].is_object()) return;
    for (const char* key : {"learning_rate", "lr"})
        if (optimizer["config"].contains(key) && optimizer["config"][key].is_number()) facts.learning_rate = optimizer["config"][key].get<double>();
}

}  // namespace

void read_training_config(const Json& config, model::TrainingFacts& facts) {
    if (!config.is_object()) return;
    facts.raw = config;
    if (config.contains("loss")) read_loss(config["loss"], facts);
    for (const char* key : {"optimizer_config", "optimizer"})
        if (config.contains(key)) read_optimizer(config[key], facts);
}

std::optional<std::pair<double, double>> read_regulariser(const Json& setting) {
    if (setting.is_null()) return std::pair{0.0, 0.0};
    if (!setting.is_object()) return std::nullopt;
    const Json& config = setting.contains("config") && setting["config"].is_object() ? setting["config"] : setting;
    const Json name = setting.contains("class_name") ? setting["class_name"] : setting.value("name", Json());
    bool known = false;
    for (const char* word : {"L1L2", "L1", "L2", "WeightRegularizer", "l1_l2", "l1", "l2"}) known = known || name == word;
    if (!known) return std::nullopt;
    const auto amount = [&](const char* key) { return config.contains(key) && config[key].is_number() ? config[key].get<double>() : 0.0; };
    return std::pair{amount("l1"), amount("l2")};
}

}  // namespace assay::formats::keras
