// What is wrong with one model and its data: the rules of libanalysis/lint.

#include "formats/format.hpp"
#include "libanalysis/core/hash.hpp"
#include "libanalysis/engine/outline.hpp"
#include "libanalysis/lint/rule.hpp"
#include "libanalysis/measures/input_shapes.hpp"
#include "libanalysis/zoo/protocol.hpp"
#include "tools/tasks/open_data.hpp"
#include "tools/tasks/open_model.hpp"
#include "tools/tasks/worker_device.hpp"

namespace assay::tools::tasks {
namespace {

std::unique_ptr<model::Weights> initial_weights(const Json& arguments, const model::Model& model, std::vector<std::string>& notes) {
    const std::string path = text_argument(arguments, "init");
    if (path.empty()) return nullptr;
    try {
        return std::make_unique<model::Weights>(formats::load_weights_for(model, path));
    } catch (const Error& error) {
        if (is_circumstance(error)) throw;
        notes.push_back(error.what());
        return nullptr;
    }
}

void set_rows(measures::Subject& subject, const data::Dataset& dataset, const Json& arguments) {
    const data::Preprocessing preprocessing = preprocessing_for(arguments, subject.model());
    if (dataset.train)
        subject.set_rows("train", select_rows(dataset.train, preprocessing, arguments.value("train_rows", Json()), 0, Seed{}).rows);
    if (dataset.test) subject.set_rows("test", select_rows(dataset.test, preprocessing, Json(), 0, Seed{}).rows);
}

// A path asks for the rules on a model, "dataset" for those on the data alone.
Json run(const Json& arguments, const Context& context, const std::function<void(const Json&)>&) {
    engine::make_thread_serial();
    const std::string path = text_argument(arguments, "path"), data_path = text_argument(arguments, "data");
    std::vector<std::string> notes;
    std::map<std::string, std::string> skipped;
    std::vector<lint::Finding> findings;
    const auto add = [&](const std::vector<lint::Finding>& more) { findings.insert(findings.end(), more.begin(), more.end()); };
    const data::Dataset* dataset = data_path.empty() ? nullptr : &open_data(data_path, context.memory);
    Json result{{"status", "ok"}};
    if (!path.empty()) {
        const auto backend = worker_backend(arguments);
        const auto model = open_model(arguments);
        result["content"] = hash_file(path);
        if (!model) return {{"status", "not_a_model"}, {"content", result["content"]}, {"reason", formats::describe(path)}};
        const auto split = !dataset ? nullptr : dataset->test ? dataset->test : dataset->train;
        const std::vector<engine::NodeOutline> outline = engine::outline(*model, split ? measures::input_shapes_for(*model, *split) : std::vector<Shape>{});
        const auto init = initial_weights(arguments, *model, notes);
        add(lint::check(lint::ModelMaterial{*model, outline, init.get()}));
        if (dataset) {
            measures::Subject subject(model, {.loss = text_argument(arguments, "loss"), .precision = precision_argument(arguments)}, device_context(arguments, context));
            subject.set_backend(backend);
            set_rows(subject, *dataset, arguments);
            if (!preprocessing_for(arguments, *model).declared)
                notes.push_back("inputs as stored: no scale was declared, and rules that look at activations may see other ones than in training");
            lint::RunMaterial material{subject};
            add(lint::check(material, skipped));
        }
        backend->synchronize();
    }
    if (dataset && arguments.value("dataset", false)) add(lint::check(lint::DataMaterial{*dataset}));
    result["notes"] = notes;
    result["skipped"] = skipped;
    result["findings"] = Json::array();
    for (const lint::Finding& finding : findings) result["findings"].push_back(lint::to_json(finding));
    return result;
}

}  // namespace

extern const zoo::Task lint{"lint", within_memory<run>};

}  // namespace assay::tools::tasks
