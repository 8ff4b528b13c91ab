// A whole Keras model in HDF5: attribute model_config, group model_weights. formats/README.md has the layout.

#include "formats/candidate.hpp"
#include "formats/format.hpp"
#include "formats/keras_facts.hpp"
#include "formats/keras_h5.hpp"
#include "formats/keras_model.hpp"

namespace assay::formats {

namespace keras {

Architecture read_architecture(const hdf5::File& file) {
    Architecture result;
    result.dialect.version = file.text_or("keras_version", "");
    result.dialect.backend = file.text_or("backend", "");
    const std::string where = file.path().filename().string() + " model_config";
    result.graph = read_model_config(parse_json(file.text("model_config"), where), result.dialect, where);
    return result;
}

bool is_whole_model(const hdf5::File& file) { return file.has_attribute("model_config"); }

}  // namespace keras

namespace {

bool probe(Candidate& candidate) { return is_hdf5_with(candidate, keras::is_whole_model); }

model::Model load(Candidate& candidate, const LoadOptions& options) {
    const hdf5::File& file = candidate.hdf5();
    keras::StoredWeights stored = keras::read_weights(file, file.group("model_weights"));
    const std::string version = file.text_or("keras_version", ""), backend = file.text_or("backend", "");
    model::Model model;
    try {
        keras::Architecture architecture = keras::read_architecture(file);
        // Keras 1 layers without dim_ordering follow the backend; everything newer writes data_format or means channels_last.
        architecture.dialect.channels_first_default = stored.version_one && stored.theano;
        model = keras::assemble(std::move(architecture.graph), std::move(stored), architecture.dialect, options.lambdas);
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::unsupported) throw;
        model = keras::assemble_weights(keras::read_weights(file, file.group("model_weights")));   // a class of model of its own
        model.notes.push_back(std::string("the architecture is not read: ") + error.what());
    }
    model.path = file.path().string();
    model.format = "keras-h5";
    if (model.facts.framework_version.empty()) model.facts.framework_version = version;
    if (model.facts.backend.empty()) model.facts.backend = backend;
    if (file.has_attribute("training_config")) {
        const std::string where = file.path().filename().string() + " training_config";
        keras::read_training_config(parse_json(file.text("training_config"), where), model.facts);
    }
    return model;
}

}  // namespace

extern const Format keras_h5;
const Format keras_h5{"keras-h5", "a whole Keras model in HDF5 (Keras 1 to 3)", probe, load};

}  // namespace assay::formats
