// A mask over the weights of one checkpoint, by a method of pruning.

#include "formats/format.hpp"
#include "formats/mask_file.hpp"
#include "libanalysis/core/hash.hpp"
#include "libanalysis/engine/objective.hpp"
#include "libanalysis/measures/input_shapes.hpp"
#include "libanalysis/measures/weight_matrices.hpp"
#include "libanalysis/pruning/method.hpp"
#include "libanalysis/pruning/path_network.hpp"
#include "libanalysis/zoo/protocol.hpp"
#include "tools/analysis.hpp"
#include "tools/tasks/open_data.hpp"
#include "tools/tasks/open_model.hpp"
#include "tools/tasks/worker_device.hpp"

namespace assay::tools::tasks {
namespace {

/// Rows, and the shapes that the model leaves open. `words` says which rows of which data.
void add_data(const model::Model& model, const pruning::Method& method, const Json& arguments, std::size_t memory, pruning::Problem& problem, std::string& words) {
    const std::string path = text_argument(arguments, "data");
    if (path.empty()) return;
    const data::Dataset& dataset = open_data(path, memory);
    if (!dataset.train) throw Error(ErrorKind::missing, {path, "a train part", "none"});
    if (model.architecture) problem.input_shapes = measures::input_shapes_for(model, *dataset.train);
    if (!method.needs_data) return;
    const data::Preprocessing preprocessing = preprocessing_from(arguments.value("preprocessing", Json()));
    Selection selection = select_rows(dataset.train, preprocessing, arguments.value("train_rows", Json()), arguments.value("samples", std::int64_t{0}), problem.seed.child("train"));
    const engine::Objective objective{.loss = &engine::choose_loss(model, problem.loss)};
    words = engine::describe(objective, model, selection.rows.count()) + "; rows " + selection.words + " of train of data " + dataset.hash + ", inputs " + preprocessing.describe();
    problem.rows = std::move(selection.rows);
}

Json layers_of(const model::Model& model, const pruning::Masks& masks, const pruning::Masks* effective) {
    Json layers = Json::array();
    for (const measures::WeightMatrix& matrix : measures::weight_matrices(model)) {
        const auto& mask = masks[matrix.parameter];
        const std::size_t size = matrix.rows * matrix.cols, kept = mask.empty() ? size : pruning::kept(mask);
        layers.push_back({{"name", matrix.label}, {"parameter", model.parameters[matrix.parameter].name}, {"weights", size}, {"masked", !mask.empty()}, {"kept", kept},
                          {"density", number_to_json(static_cast<double>(kept) / static_cast<double>(size))},
                          {"effective", effective ? Json(pruning::kept((*effective)[matrix.parameter])) : Json()}});
    }
    return layers;
}

Json run(const Json& arguments, const Context& given, const std::function<void(const Json&)>&) {
    engine::make_thread_serial();
    const auto backend = worker_backend(arguments);
    const std::string path = text_argument(arguments, "path"), init = text_argument(arguments, "init"), out = text_argument(arguments, "out");
    const pruning::Method& method = pruning::find_method(text_argument(arguments, "method"));
    const auto model = open_model(arguments);
    if (!model) throw Error(ErrorKind::format, {path, "a checkpoint", "a file that no format claims"});
    std::vector<std::string> notes = model->notes;
    const model::Weights initial = init.empty() ? model::Weights{} : formats::load_weights_for(*model, init);
    const model::Weights& scored = init.empty() ? model->weights : initial;

    Context context = device_context(arguments, given);
    context.seed = Seed{arguments.value("seed", std::uint64_t{0})};
    pruning::Problem problem{.model = *model, .weights = scored, .sparsity = number_from_json(arguments.at("sparsity")), .seed = context.seed,
                             .keep = arguments.at("keep").get<std::int64_t>(), .group = arguments.at("group").get<std::int64_t>(), .backend = backend.get(),
                             .precision = precision_argument(arguments), .input_shapes = {}, .rows = {}, .loss = text_argument(arguments, "loss"), .context = context};
    std::string objective;
    add_data(*model, method, arguments, given.memory, problem, objective);
    const pruning::Masks masks = pruning::mask_by(method, problem);
    backend->synchronize();

    // Parameters that a method leaves alone count as they are.
    pruning::Masks all = pruning::nonzero(*model, scored), effective;
    std::size_t weights = 0, kept = 0;
    bool collapse = false;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const std::size_t left = masks[i].empty() ? all[i].size() : pruning::kept(masks[i]);
        weights += all[i].size();
        kept += left;
        for (std::size_t k = 0; k < masks[i].size(); ++k) all[i][k] &= masks[i][k];
        collapse |= !all[i].empty() && left == 0;
    }
    std::string no_paths;
    try {
        effective = pruning::on_paths(*model, scored, all, *backend, problem.input_shapes);
    } catch (const Error& error) {
        if (is_circumstance(error)) throw;
        no_paths = error.what();
    }

    formats::MaskFile file{.method = std::string(method.name), .convention = std::string(method.convention), .sparsity = problem.sparsity, .seed = context.seed.value,
                           .model_hash = hash_file(path), .weights_hash = hash_file(init.empty() ? path : init), .objective = objective, .written_by = "assay " + tool_version(), .masks = {}};
    if (!method.takes_sparsity) {
        file.sparsity = 1 - static_cast<double>(problem.keep) / static_cast<double>(problem.group);
        file.convention = std::to_string(problem.keep) + " of " + std::to_string(problem.group) + "; " + file.convention;
    }
    for (std::size_t i = 0; i < masks.size(); ++i)
        if (!masks[i].empty()) file.masks.push_back({model->parameters[i].name, model->parameters[i].shape, masks[i]});
    if (!out.empty()) formats::write_masks(out, file);

    Json result{{"path", path}, {"out", out}, {"method", file.method}, {"convention", file.convention}, {"sparsity_asked", number_to_json(file.sparsity)},
                {"seed", file.seed}, {"model_hash", file.model_hash}, {"weights_hash", file.weights_hash}, {"scored", init.empty() ? "the model's weights" : "initial weights"},
                {"objective", objective}, {"weights", weights}, {"kept", kept},
                {"density", number_to_json(static_cast<double>(kept) / static_cast<double>(weights))}, {"layer_collapse", collapse},
                {"layers", layers_of(*model, masks, no_paths.empty() ? &effective : nullptr)}};
    std::size_t on_paths = 0;
    for (const auto& mask : effective) on_paths += pruning::kept(mask);
    result["effective"] = no_paths.empty() ? Json(on_paths) : Json();
    result["effective_density"] = no_paths.empty() ? number_to_json(static_cast<double>(on_paths) / static_cast<double>(weights)) : Json();
    result["effective_reason"] = no_paths;
    result["precision"] = text_argument(arguments, "precision");
    result.update(device_facts(arguments));
    result["version"] = tool_version();
    result["notes"] = std::move(notes);
    return result;
}

}  // namespace

extern const zoo::Task mask{"mask", within_memory<run>};

}  // namespace assay::tools::tasks
