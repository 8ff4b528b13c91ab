// Curvature of one checkpoint on rows of a data set.

#include "formats/format.hpp"
#include "libanalysis/curvature/analyse.hpp"
#include "libanalysis/curvature/sample.hpp"
#include "libanalysis/lint/input_scale.hpp"
#include "libanalysis/measures/subject.hpp"
#include "libanalysis/zoo/protocol.hpp"
#include "tools/analysis.hpp"
#include "tools/tasks/curvature_json.hpp"
#include "tools/tasks/open_data.hpp"
#include "tools/tasks/open_model.hpp"
#include "tools/tasks/worker_device.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

namespace assay::tools::tasks {
namespace {

struct Sample { Selection selection; std::int64_t of = 0; std::string rule; };

std::shared_ptr<const data::Split> split_of(const data::Dataset& dataset, const std::string& name, const std::string& path) {
    const auto& split = name == "test" ? dataset.test : dataset.train;
    if (!split) throw Error(ErrorKind::missing, {path, "a " + name + " part", "none", "Choose the other with --split"});
    return split;
}

/// The rows asked for, or as many as the rule says.
Sample sample_of(const std::shared_ptr<const data::Split>& split, const data::Preprocessing& preprocessing, const Json& arguments, double madds, Seed seed) {
    const Json take = arguments.value("train_rows", Json());
    const std::int64_t of = select_rows(split, preprocessing, take, 0, seed).rows.count();
    std::int64_t samples = arguments.value("samples", std::int64_t{0});
    std::string rule = samples > of ? "all there are" : "as asked";
    if (samples == 0) {
        const curvature::SampleSize chosen = curvature::default_sample(of, madds);
        samples = chosen.rows;
        rule = "chosen: " + chosen.rule;
    }
    return {select_rows(split, preprocessing, take, samples, seed), of, std::move(rule)};
}

std::size_t peak_bytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

Json step_to_json(const curvature::Progress& step) {
    Json json{{"stage", step.stage}, {"products", step.products}, {"of", step.of}, {"values", Json::array()}, {"residuals", Json::array()}};
    for (const double x : step.values) json["values"].push_back(number_to_json(x));
    for (const double x : step.residuals) json["residuals"].push_back(number_to_json(x));
    return json;
}

/// One data set for each parameter tensor, [pairs, tensor]; and the eigenvalues in the same order.
void save_vectors(const std::filesystem::path& path, const spectral::Eigenvalues& found, const model::Model& model, const engine::Network& network) {
    std::vector<const spectral::Eigenpair*> pairs;
    for (const auto* end : {&found.largest, &found.smallest})
        for (const spectral::Eigenpair& pair : *end) pairs.push_back(&pair);
    const auto count = static_cast<std::int64_t>(pairs.size());
    std::vector<formats::NamedArray> arrays{{"eigenvalues", {count}, {}}};
    for (const spectral::Eigenpair* pair : pairs) arrays.front().values.push_back(static_cast<float>(pair->value));
    for (const auto& entry : network.layout().entries) {
        if (!entry.trainable) continue;
        const model::Parameter& parameter = model.parameters.at(entry.parameter);
        formats::NamedArray array{"vectors/" + parameter.name, {count}, {}};
        array.shape.insert(array.shape.end(), parameter.shape.begin(), parameter.shape.end());
        for (const spectral::Eigenpair* pair : pairs)
            for (std::size_t i = 0; i < entry.size; ++i) array.values.push_back(static_cast<float>(pair->vector.at(entry.offset + i)));
        arrays.push_back(std::move(array));
    }
    formats::write_arrays(path, arrays);
}

curvature::Options options_of(const Json& arguments) {
    curvature::Options options;
    options.kind = text_argument(arguments, "operator");
    options.largest = arguments.at("top").get<std::size_t>();
    options.smallest = arguments.value("both_ends", false) ? options.largest : 0;
    options.tolerance = arguments.at("tolerance").get<double>();
    options.solver = text_argument(arguments, "solver");
    options.vectors = !text_argument(arguments, "save_vectors").empty();
    options.trace = arguments.value("trace", false);
    options.density = arguments.value("density", false);
    options.by_layer = arguments.value("per_layer", false);
    options.probe = arguments.value("probe", false);
    options.layer_eigenvalues = arguments.value("layer_eigenvalues", false);
    options.halves = arguments.value("halves", false);
    options.probes = arguments.at("probes").get<std::size_t>();
    options.steps = arguments.at("steps").get<std::size_t>();
    return options;
}

Json run(const Json& arguments, const Context& given, const std::function<void(const Json&)>& item) {
    engine::make_thread_serial();
    const auto backend = worker_backend(arguments);
    const std::string path = text_argument(arguments, "path"), data_path = text_argument(arguments, "data");
    const auto model = open_model(arguments);
    if (!model) throw Error(ErrorKind::format, {path, "a checkpoint", "a file that no format claims"});
    if (!model->architecture) throw Error(ErrorKind::missing, {path, "an architecture", "weights only", "Give one with --architecture"});
    const data::Dataset& dataset = open_data(data_path, given.memory);
    const std::string split_name = text_argument(arguments, "split");
    const auto split = split_of(dataset, split_name, data_path);

    Context context = device_context(arguments, given);
    const std::size_t budget = context.memory;
    if (backend->on_host()) context.memory -= std::min(held_bytes(dataset), context.memory / 2);
    measures::Subject subject(model, {.loss = text_argument(arguments, "loss"), .precision = precision_argument(arguments), .sampled = false}, context);
    subject.set_backend(backend);
    const data::Preprocessing preprocessing = preprocessing_for(arguments, *model);
    subject.set_rows(split_name, {split, data::all_rows(*split), preprocessing});
    const double l2 = arguments.at("l2").is_null() ? -1 : arguments.at("l2").get<double>();
    const engine::Objective objective = engine::objective_of(*model, text_argument(arguments, "loss"), l2);
    const engine::Network& network = subject.network();
    const Sample sample = sample_of(split, preprocessing, arguments, network.forward_madds(), context.seed.child(split_name));
    const data::Rows& rows = sample.selection.rows;

    std::vector<std::string> notes = model->notes;
    if (objective.loss->class_labels)
        if (lint::ScaleComplaint complaint = lint::scale_complaint(subject, rows); !complaint.words.empty()) notes.push_back(std::move(complaint.words));

    curvature::Options options = options_of(arguments);
    if (objective.regularised() && !curvature::has_regulariser(options.kind)) notes.push_back("the regulariser is no part of this operator");
    options.progress = [&](const curvature::Progress& step) { item(step_to_json(step)); };
    const curvature::Problem problem{*model, network, subject.backend(), subject.parameters("final"), rows, objective};
    const std::string words = engine::describe(objective, *model, rows.count());
    item({{"stage", "start"}, {"objective", words}, {"samples", rows.count()}, {"of", sample.of}, {"split", split_name}, {"rule", sample.rule}});
    const curvature::Result found = curvature::analyse(problem, options, context);
    if (options.vectors) save_vectors(text_argument(arguments, "save_vectors"), found.eigenvalues, *model, network);

    Json result{{"path", path}, {"objective", words}, {"operator", options.kind}, {"parameters", network.layout().trainable_count}, {"samples", rows.count()},
                {"sample", {{"data", data_path}, {"split", split_name}, {"of", sample.of}, {"rule", sample.rule}, {"rows", sample.selection.words},
                            {"preprocessing", rows.preprocessing.describe()}, {"data_hash", dataset.hash}}}};
    result.update(curvature_to_json(found, options, network.layout().trainable_count));
    result["memory_peak_bytes"] = peak_bytes();
    result["memory_budget_bytes"] = budget;
    result.update(device_facts(arguments));
    result["precision"] = text_argument(arguments, "precision");
    result["threads"] = context.threads;
    result["seed"] = context.seed.value;
    result["version"] = tool_version();
    result["notes"] = std::move(notes);
    return result;
}

}  // namespace

extern const zoo::Task hessian{"hessian", within_memory<run>};

}  // namespace assay::tools::tasks
