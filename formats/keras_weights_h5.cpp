// Files with weights and without an architecture: Keras HDF5 (layer_names on the root), PGDL (the same with a config.json
// beside it), Keras 3 .weights.h5, and those of Keras before version 1.

#include "formats/candidate.hpp"
#include "formats/content.hpp"
#include "formats/format.hpp"
#include "formats/keras_h5.hpp"
#include "formats/keras_model.hpp"
#include "formats/keras_three.hpp"
#include "formats/keras_weights_h5.hpp"
#include "formats/keras_zip.hpp"

namespace assay::formats {

namespace keras {

bool is_weights_only(const hdf5::File& file) { return !is_whole_model(file) && has_layer_list(file); }

std::optional<std::filesystem::path> pgdl_config_beside(const std::filesystem::path& weights) {
    const std::filesystem::path config = weights.parent_path() / "config.json";
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(config, ignored)) return std::nullopt;
    try {
        if (is_pgdl_config(parse_json(read_text(config), config.string()))) return config;
    } catch (const Error&) {   // another program's config.json
    }
    return std::nullopt;
}

AnyArchitecture read_any_architecture(const std::filesystem::path& path, const StoredWeights& stored) {
    AnyArchitecture result;
    Candidate candidate(path);
    if (candidate.has_hdf5_signature()) {
        const hdf5::File& file = candidate.hdf5();
        if (!is_whole_model(file)) throw Error(ErrorKind::format, {path.string(), "an architecture: a whole Keras model or its JSON", "an HDF5 file without model_config"});
        result.architecture = read_architecture(file);
        return result;
    }
    if (candidate.has_zip_signature()) {
        result.architecture = read_archive_architecture(candidate);
        return result;
    }
    const std::string where = path.filename().string();
    const Json json = parse_json(read_text(path), path.string());
    if (is_pgdl_config(json)) {
        result.pgdl = true;
        std::vector<std::string> names;
        for (const StoredLayer& layer : stored.layers) names.push_back(layer.name);
        result.architecture.graph = read_pgdl_config(json, where, names);
        result.architecture.dialect.version = "2.4.0";
        return result;
    }
    if (json.is_object()) {
        const auto word = [&](const char* key) { return json.contains(key) && json[key].is_string() ? json[key].get<std::string>() : std::string(); };
        result.architecture.dialect = {.version = word("keras_version"), .backend = word("backend")};
        // Keras 3 writes no version into the JSON of a model, and other keys than those before it.
        if (result.architecture.dialect.version.empty() && json.contains("module") && json.contains("registered_name")) result.architecture.dialect.version = "3";
    }
    result.architecture.graph = read_model_config(json, result.architecture.dialect, where);
    return result;
}

}  // namespace keras

namespace {

model::Model assemble_with(keras::AnyArchitecture any, const std::filesystem::path& architecture_path, keras::StoredWeights stored, const LoadOptions& options) {
    keras::Architecture& architecture = any.architecture;
    architecture.dialect.channels_first_default = stored.version_one && stored.theano;
    model::Model model = keras::assemble(std::move(architecture.graph), std::move(stored), architecture.dialect, options.lambdas);
    if (any.pgdl) {   // the competition's models end in logits and were trained with cross-entropy
        model.facts.loss = "cross_entropy";
        model.facts.from_logits = true;
    }
    model.notes.push_back("the architecture comes from " + architecture_path.filename().string());
    return model;
}

model::Model assemble_with(const std::filesystem::path& architecture_path, keras::StoredWeights stored, const LoadOptions& options) {
    keras::AnyArchitecture any = keras::read_any_architecture(architecture_path, stored);
    return assemble_with(std::move(any), architecture_path, std::move(stored), options);
}

model::Model finish(model::Model model, const std::filesystem::path& path, const char* format) {
    model.path = path.string();
    model.format = format;
    return model;
}

bool probe_weights(Candidate& candidate) {
    return is_hdf5_with(candidate, keras::is_weights_only) && !keras::pgdl_config_beside(candidate.path());
}

model::Model load_weights(Candidate& candidate, const LoadOptions& options) {
    const hdf5::File& file = candidate.hdf5();
    keras::StoredWeights stored = keras::read_weights(file, file);
    if (!options.architecture.empty()) return finish(assemble_with(options.architecture, std::move(stored), options), candidate.path(), "keras-weights");
    return finish(keras::assemble_weights(std::move(stored)), candidate.path(), "keras-weights");
}

bool probe_pgdl(Candidate& candidate) {
    return is_hdf5_with(candidate, keras::is_weights_only) && keras::pgdl_config_beside(candidate.path());
}

model::Model load_pgdl(Candidate& candidate, const LoadOptions& options) {
    const hdf5::File& file = candidate.hdf5();
    const auto beside = keras::pgdl_config_beside(candidate.path());
    if (!beside && options.architecture.empty()) throw Error(ErrorKind::missing, {candidate.path().string(), "a config.json beside the weights", "none"});
    return finish(assemble_with(options.architecture.empty() ? *beside : options.architecture, keras::read_weights(file, file), options), candidate.path(), "pgdl");
}

bool probe_three(Candidate& candidate) { return is_hdf5_with(candidate, keras::is_keras_three); }

model::Model load_three(Candidate& candidate, const LoadOptions& options) {
    const hdf5::File& file = candidate.hdf5();
    if (options.architecture.empty()) {
        model::Model model = keras::assemble_weights(keras::without_architecture(keras::read_keras_three(file)));
        model.notes.push_back("the file does not tell the order of its layers: they are sorted, and called by their classes");
        return finish(std::move(model), candidate.path(), "keras-3-weights");
    }
    keras::AnyArchitecture any = keras::read_any_architecture(options.architecture, {});
    keras::StoredWeights stored = keras::weights_for(any.architecture.graph, file);
    return finish(assemble_with(std::move(any), options.architecture, std::move(stored), options), candidate.path(), "keras-3-weights");
}

bool probe_numbered(Candidate& candidate) { return is_hdf5_with(candidate, keras::is_numbered); }

model::Model load_numbered(Candidate& candidate, const LoadOptions& options) {
    const hdf5::File& file = candidate.hdf5();
    keras::StoredWeights stored = keras::read_numbered(file);
    if (options.architecture.empty()) return finish(keras::assemble_weights(std::move(stored)), candidate.path(), "keras-0-weights");
    return finish(assemble_with(options.architecture, std::move(stored), options), candidate.path(), "keras-0-weights");
}

}  // namespace

extern const Format keras_weights;
const Format keras_weights{"keras-weights", "Keras weights in HDF5, without an architecture", probe_weights, load_weights};

extern const Format pgdl;
const Format pgdl{"pgdl", "a model of the PGDL competition: Keras weights with a config.json beside them", probe_pgdl, load_pgdl};

extern const Format keras_three_weights;
const Format keras_three_weights{"keras-3-weights", "Keras 3 weights (.weights.h5), without an architecture", probe_three, load_three};

extern const Format keras_numbered_weights;
const Format keras_numbered_weights{"keras-0-weights", "Keras weights from before version 1, layers and arrays numbered", probe_numbered, load_numbered};

}  // namespace assay::formats
