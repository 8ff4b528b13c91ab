// Measures of one checkpoint: what a zoo run and `assay measure` ask a worker for.

#include "formats/format.hpp"
#include "libanalysis/core/hash.hpp"
#include "libanalysis/measures/layer_table.hpp"
#include "libanalysis/lint/input_scale.hpp"
#include "libanalysis/measures/run.hpp"
#include "libanalysis/zoo/protocol.hpp"
#include "tools/tasks/open_data.hpp"
#include "tools/tasks/open_model.hpp"
#include "tools/tasks/worker_device.hpp"

#include <fmt/format.h>

namespace assay::tools::tasks {
namespace {

using measures::has;
using measures::Need;

std::vector<measures::Request> requests_of(const Json& arguments) {
    std::string list;
    for (const Json& word : arguments.at("measures")) list += word.get<std::string>() + ",";
    return measures::parse_requests(list.empty() ? "all" : list);
}

bool wants(std::span<const measures::Request> requests, Need bits) {
    for (const measures::Request& request : requests)
        if ((static_cast<std::uint32_t>(request.measure->needs) & static_cast<std::uint32_t>(bits)) != 0) return true;
    return false;
}

/// The subject with everything that the arguments name, and the words of its rows for the store's keys.
struct Prepared {
    measures::Subject subject;
    std::string train_key, test_key;
    std::string init_content;
    std::vector<std::string> notes;
};

void add_initial_weights(Prepared& prepared, const std::string& path) {
    if (path.empty()) return;
    try {
        prepared.init_content = hash_file(path);
        prepared.subject.set_weights("init", std::make_shared<model::Weights>(formats::load_weights_for(prepared.subject.model(), path)));
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::interrupted) throw;
        prepared.subject.set_absence("init", fmt::format("initial weights: {}", error.what()));
        prepared.notes.push_back(fmt::format("initial weights not used: {}", error.what()));
    }
}

void add_train_rows(Prepared& prepared, const data::Dataset& dataset, const data::Preprocessing& preprocessing, const Json& arguments, Seed seed) {
    if (!dataset.train) return prepared.subject.set_absence("train", "the data have no train part");
    const Json take = arguments.value("train_rows", Json());
    if (!take.is_object() && arguments.contains("config_train_rows") && arguments["config_train_rows"].is_number_integer()) {
        const auto trained = arguments["config_train_rows"].get<std::int64_t>();
        if (trained < dataset.train->rows()) {
            const std::string reason = fmt::format(
                "train_rows_undeclared: the model was trained on {} rows, the data have {}. Declare which with --train-rows or in zoo.json", trained,
                dataset.train->rows());
            prepared.notes.push_back(reason);
            return prepared.subject.set_absence("train", reason);
        }
    }
    try {
        Selection selection = select_rows(dataset.train, preprocessing, take, arguments.value("samples", std::int64_t{0}), seed.child("train"));
        prepared.train_key = fmt::format("{};{};train;{}", dataset.hash, preprocessing.describe(), selection.words);
        prepared.subject.set_rows("train", std::move(selection.rows));
    } catch (const Error& error) {
        prepared.subject.set_absence("train", error.what());
    }
}

/// `memory`: what the worker may hold on the host.
void add_data(Prepared& prepared, const Json& arguments, std::span<const measures::Request> requests, std::size_t memory) {
    const std::string path = text_argument(arguments, "data");
    if (path.empty() || !wants(requests, Need::train_data | Need::test_data)) return;
    const data::Dataset& dataset = open_data(path, memory);
    const data::Preprocessing preprocessing = preprocessing_for(arguments, prepared.subject.model());
    const Seed seed = prepared.subject.context().seed;
    add_train_rows(prepared, dataset, preprocessing, arguments, seed);
    if (!dataset.test) return prepared.subject.set_absence("test", "the data have no test part");
    Selection selection = select_rows(dataset.test, preprocessing, Json(), arguments.value("samples", std::int64_t{0}), seed.child("test"));
    prepared.test_key = fmt::format("{};{};test;{}", dataset.hash, preprocessing.describe(), selection.words);
    prepared.subject.set_rows("test", std::move(selection.rows));
}

// A poor accuracy is worth a look at the input scale; a good one costs nothing.
void check_scale(Prepared& prepared, std::span<const measures::Row> rows) {
    constexpr double good = 0.9;
    for (const char* split : {"test", "train"}) {
        const data::Rows* data = prepared.subject.rows(split);
        if (!data) continue;
        for (const measures::Row& row : rows) {
            if (row.measure->name != std::string(split) + "_accuracy") continue;
            const bool poor = row.value.ok() ? std::get<double>(row.value.value) < good : row.value.reason.find("non-finite") != std::string::npos;
            if (!poor) return;
            try {
                if (lint::ScaleComplaint complaint = lint::scale_complaint(prepared.subject, *data); !complaint.words.empty()) prepared.notes.push_back(std::move(complaint.words));
            } catch (const Error& error) {
                if (is_circumstance(error)) throw;   // a pass that fails has said so as a measure's reason
            }
            return;
        }
    }
}

std::string data_key(const Prepared& prepared, Need needs) {
    std::string key;
    if (has(needs, Need::train_data)) key = prepared.train_key;
    if (has(needs, Need::test_data) && !prepared.test_key.empty()) key += (key.empty() ? "" : " + ") + prepared.test_key;
    return key;
}

Json value_to_json(const measures::Row& row, const Prepared& prepared, std::string_view precision, std::uint64_t seed) {
    const measures::Value& value = row.value;
    Json number;
    if (const double* scalar = std::get_if<double>(&value.value)) number = number_to_json(*scalar);
    if (const auto* array = std::get_if<std::vector<double>>(&value.value)) {
        number = Json::array();
        for (const double x : *array) number.push_back(number_to_json(x));
    }
    return {{"measure", row.measure->name}, {"version", row.measure->version}, {"convention", value.convention},
            {"parameters", measures::to_string(value.parameters)}, {"objective", value.objective}, {"layer", value.layer},
            {"precision", precision}, {"seed", seed}, {"value", std::move(number)},
            {"standard_error", value.standard_error ? number_to_json(*value.standard_error) : Json()},
            {"status", value.ok() ? "ok" : "missing"}, {"reason", value.reason}, {"seconds", row.seconds},
            {"needs_init", has(row.measure->needs, Need::init)}, {"data_key", data_key(prepared, row.measure->needs)}};
}

Json run(const Json& arguments, const Context& given, const std::function<void(const Json&)>&) {
    engine::make_thread_serial();
    const auto backend = worker_backend(arguments);
    const std::string path = text_argument(arguments, "path");
    // "layer_table": "with" the measures, or "alone".
    const std::string layers = text_argument(arguments, "layer_table");
    const std::vector<measures::Request> requests = layers == "alone" ? std::vector<measures::Request>{} : requests_of(arguments);
    const std::uint64_t seed = arguments.contains("seed") && arguments["seed"].is_number_unsigned() ? arguments["seed"].get<std::uint64_t>() : 0;
    Context context = device_context(arguments, given);
    context.seed = Seed{seed};
    const std::shared_ptr<const model::Model> model = open_model(arguments);
    if (!model) return {{"status", "not_a_model"}, {"content", hash_file(path)}, {"reason", "no format claims this file: " + formats::describe(path)}};

    Json result{{"status", "ok"}, {"content", hash_file(path)}};
    Prepared prepared{measures::Subject(model, {.loss = text_argument(arguments, "loss"), .precision = precision_argument(arguments),
                                        .sampled = arguments.value("samples", std::int64_t{0}) > 0}, context), {}, {}, {}, {}};
    prepared.subject.set_backend(backend);
    prepared.notes = model->notes;
    add_initial_weights(prepared, text_argument(arguments, "init"));
    add_data(prepared, arguments, requests, given.memory);

    // First: the measures that follow find the spectra in the subject's memo.
    if (!layers.empty()) result["layers"] = measures::layer_table(prepared.subject);
    const std::vector<measures::Row> rows = measures::measure_all(prepared.subject, requests);
    check_scale(prepared, rows);
    backend->synchronize();   // what it failed with belongs to this model, not to the next
    result["init_content"] = prepared.init_content;
    result.update(device_facts(arguments));
    result["facts"] = facts_of(*model);
    result["notes"] = prepared.notes;
    const std::string asked = text_argument(arguments, "precision");
    const std::string_view precision = asked == "tf32" ? asked : engine::to_string(prepared.subject.options().precision);
    Json values = Json::array();
    for (const measures::Row& row : rows) values.push_back(value_to_json(row, prepared, precision, seed));
    result["values"] = std::move(values);
    return result;
}

}  // namespace

extern const zoo::Task measure_model{"measure_model", within_memory<run>};

}  // namespace assay::tools::tasks
