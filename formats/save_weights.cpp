// A checkpoint with other values: a copy of its file whose arrays are rewritten in the file's own layout.

#include "formats/content.hpp"
#include "formats/format.hpp"
#include "formats/hdf5_writing.hpp"
#include "formats/keras_h5.hpp"
#include "formats/keras_weights.hpp"
#include "formats/keras_weights_h5.hpp"

#include <algorithm>
#include <numeric>

namespace assay::formats {
namespace {

/// What the reader knew of the file's layout: whether kernels are flipped, and whether they may be transposed.
keras::StoredWeights layout_of(const hdf5::File& file) {
    if (keras::is_whole_model(file)) return keras::read_weights(file, file.group("model_weights"));
    if (keras::is_weights_only(file)) return keras::read_weights(file, file);
    return {};
}

/// "model_weights/dense/dense/kernel:0" of "model.h5:/model_weights/dense/dense/kernel:0".
std::string path_in_file(const model::Parameter& parameter) {
    const std::size_t colon = parameter.path.find(":/");
    return colon == std::string::npos ? parameter.path : parameter.path.substr(colon + 2);
}

/// The place in the file of every entry of the canonical array: the reader's own conversion, run on indices. Where a kernel may lie
/// in two ways, what it holds tells which.
std::vector<std::size_t> places(const hdf5::Dataset& dataset, const model::Tensor& canonical, const keras::StoredWeights& layout, const model::Parameter& parameter) {
    const std::vector<double> held = dataset.read<double>();
    const std::vector<double> loaded = canonical.to_double();
    std::vector<std::vector<std::size_t>> possible;
    for (const bool convolution : {false, true})
        for (const bool channels_first : {false, true}) {
            if (convolution && !layout.theano && !layout.version_one) continue;   // as it is
            if (channels_first && !(convolution && layout.version_one)) continue;
            std::vector<double> indices(held.size());
            std::iota(indices.begin(), indices.end(), 0.0);
            model::Tensor tensor{.shape = dataset.shape(), .stored_type = "float64", .values = std::move(indices)};
            if (convolution) keras::make_canonical(tensor, layout, parameter.layer_class, channels_first);
            keras::join_axes(tensor, parameter);
            if (tensor.shape != canonical.shape) continue;
            const auto& order = std::get<std::vector<double>>(tensor.values);
            std::vector<std::size_t> map(order.begin(), order.end());
            bool same = map.size() == loaded.size();
            for (std::size_t i = 0; same && i < map.size(); ++i) same = held[map[i]] == loaded[i] || (held[map[i]] != held[map[i]] && loaded[i] != loaded[i]);
            if (same && std::find(possible.begin(), possible.end(), map) == possible.end()) possible.push_back(std::move(map));
        }
    if (possible.size() == 1) return std::move(possible.front());
    throw Error(ErrorKind::unsupported, {dataset.where(), "an array in the layout of " + parameter.name, possible.empty() ? "another layout" : "two layouts that its values do not tell apart",
                                         "Write the model with a newer Keras first."});
}

}  // namespace

void save_weights(const model::Model& like, const model::Weights& values, const std::filesystem::path& path, bool fresh) {
    if (!has_hdf5_signature(like.path))
        throw Error(ErrorKind::unsupported, {like.path, "an HDF5 checkpoint, of which a copy can be written", describe_content(like.path),
                                             "Save it as HDF5 first: model.save(\"model.h5\")."});
    if (values.size() != like.parameters.size())
        throw Error(ErrorKind::internal, {path.string(), std::to_string(like.parameters.size()) + " arrays", std::to_string(values.size())});
    struct Change { std::string path; std::vector<double> stored; };
    std::vector<Change> changes;
    {
        const hdf5::File file(like.path);   // closed before it is copied
        const keras::StoredWeights layout = layout_of(file);
        for (std::size_t i = 0; i < values.size(); ++i) {
            const model::Parameter& parameter = like.parameters[i];
            if (values[i].shape != like.weights[i].shape) throw Error(ErrorKind::internal, {parameter.name, to_string(like.weights[i].shape), to_string(values[i].shape)});
            const std::vector<double> wanted = values[i].to_double();
            if (wanted == like.weights[i].to_double()) continue;
            const hdf5::Dataset dataset = file.dataset(path_in_file(parameter));
            const std::vector<std::size_t> map = places(dataset, like.weights[i], layout, parameter);
            Change change{path_in_file(parameter), std::vector<double>(wanted.size())};
            for (std::size_t k = 0; k < map.size(); ++k) change.stored[map[k]] = wanted[k];
            changes.push_back(std::move(change));
        }
    }
    hdf5::copy_whole(like.path, path, [&](const hdf5::FileHandle& file) {
        for (const Change& change : changes) {
            const hdf5::ObjectHandle dataset(H5Dopen2(file.id(), change.path.c_str(), H5P_DEFAULT));
            if (!dataset || H5Dwrite(dataset.id(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, change.stored.data()) < 0)
                throw hdf5::cannot_write(path, "data set " + change.path);
        }
        if (fresh && H5Lexists(file.id(), "optimizer_weights", H5P_DEFAULT) > 0 && H5Ldelete(file.id(), "optimizer_weights", H5P_DEFAULT) < 0)
            throw hdf5::cannot_write(path, "the file without its optimizer_weights");
    });
}

}  // namespace assay::formats
