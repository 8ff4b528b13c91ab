// .keras (Keras 3, and 2.12 to 2.15): a zip archive of metadata.json, config.json and model.weights.h5. formats/README.md has the layout.

#include "formats/format.hpp"
#include "formats/keras_facts.hpp"
#include "formats/keras_model.hpp"
#include "formats/keras_sharing.hpp"
#include "formats/keras_three.hpp"
#include "formats/keras_zip.hpp"

#include <algorithm>
#include <set>

namespace assay::formats {

namespace keras {
namespace {

constexpr std::uint64_t most_text = std::uint64_t{256} << 20;      // bytes
constexpr std::uint64_t most_weights = std::uint64_t{64} << 30;
constexpr const char* config_name = "config.json";
constexpr const char* weights_name = "model.weights.h5";
constexpr const char* numpy_name = "model.weights.npz";
constexpr const char* index_name = "model.weights.json";

bool holds_model(const ZipArchive& archive) {
    return archive.has(config_name) && (archive.has(weights_name) || archive.has(numpy_name) || archive.has(index_name));
}

Json read_config(const ZipArchive& archive, const std::filesystem::path& path, Dialect& dialect) {
    const std::string name = path.filename().string();
    if (archive.has("metadata.json")) {
        const Json metadata = parse_json(archive.read("metadata.json", most_text), name + " metadata.json");
        if (metadata.is_object() && metadata.contains("keras_version") && metadata["keras_version"].is_string())
            dialect.version = metadata["keras_version"].get<std::string>();
    }
    return parse_json(archive.read(config_name, most_text), name + " " + config_name);
}

}  // namespace

bool is_archive(Candidate& candidate) {
    if (!candidate.has_zip_signature()) return false;
    try {
        return holds_model(candidate.zip());
    } catch (const Error&) {
        return false;   // damaged or forged: loading it says how
    }
}

Archive open_archive(Candidate& candidate) {
    const std::filesystem::path& path = candidate.path();
    const ZipArchive& archive = candidate.zip();
    Dialect dialect;
    Json config = read_config(archive, path, dialect);
    const std::string where = path.filename().string() + " member ";
    if (!archive.has(weights_name) && archive.has(numpy_name))
        throw Error(ErrorKind::unsupported, {where + numpy_name, std::string("weights in ") + weights_name, "numpy arrays of pickled objects, which are programs",
                                             "Save the model again with Keras 3."});
    if (!archive.has(weights_name)) throw Error(ErrorKind::unsupported, {where + index_name, std::string("weights in ") + weights_name, "weights spread over several files"});
    return {std::move(config), std::move(dialect), hdf5::File(path.filename().string() + ":" + weights_name, archive.read(weights_name, most_weights))};
}

Architecture read_archive_architecture(Candidate& candidate) {
    Architecture result;
    const Json config = read_config(candidate.zip(), candidate.path(), result.dialect);
    result.graph = read_model_config(config, result.dialect, candidate.path().filename().string() + " " + config_name);
    return result;
}

StoredWeights weights_for(Graph& graph, const hdf5::File& file) {
    std::vector<NumberedGroup> groups = read_keras_three(file);
    std::set<std::string, std::less<>> with_arrays;   // every place with a group at it or below
    for (const NumberedGroup& group : groups)
        for (std::size_t end = group.place.find('/'); ; end = group.place.find('/', end + 1)) {
            with_arrays.insert(group.place.substr(0, end));
            if (end == std::string::npos) break;
        }
    join_shared_layers(graph, [&](const std::string& place) { return with_arrays.contains(place); });
    std::vector<Place> places;
    for (const Layer& layer : graph.layers) places.push_back({layer.name, layer.place});
    const bool unknown = std::any_of(graph.layers.begin(), graph.layers.end(), [](const Layer& layer) { return !translator_of(layer.class_name); });
    return by_place(std::move(groups), places, unknown);
}

}  // namespace keras

namespace {

model::Model load(Candidate& candidate, const LoadOptions& options) {
    const std::filesystem::path& path = candidate.path();
    const keras::Archive archive = keras::open_archive(candidate);
    model::Model model;
    try {
        keras::Graph graph = keras::read_model_config(archive.config, archive.dialect, path.filename().string() + " config.json");
        keras::StoredWeights stored = keras::weights_for(graph, archive.weights);
        model = keras::assemble(std::move(graph), std::move(stored), archive.dialect, options.lambdas);
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::unsupported) throw;
        model = keras::assemble_weights(keras::without_architecture(keras::read_keras_three(archive.weights)));   // a class of model of its own
        model.notes.push_back(std::string("the architecture is not read: ") + error.what());
    }
    model.path = path.string();
    model.format = "keras-zip";
    model.facts.framework_version = archive.dialect.version;
    if (archive.config.is_object() && archive.config.contains("compile_config")) keras::read_training_config(archive.config["compile_config"], model.facts);
    return model;
}

}  // namespace

extern const Format keras_zip;
const Format keras_zip{"keras-zip", "a whole Keras model in a .keras archive (Keras 3, 2.12 to 2.15)", keras::is_archive, load};

}  // namespace assay::formats
