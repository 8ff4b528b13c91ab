#include "formats/keras_weights.hpp"

#include <algorithm>

namespace assay::formats::keras {

bool has_layer_list(const hdf5::Group& group) { return group.has_chunked("layer_names"); }

std::uint64_t weight_budget(const hdf5::File& file) { return std::max<std::uint64_t>(std::uint64_t{4} << 30, 1000 * file.bytes()); }

model::Tensor read_tensor(const hdf5::Dataset& dataset, std::uint64_t& budget) {
    if (!dataset.is_numeric()) throw Error(ErrorKind::unsupported, {dataset.where(), "an array of numbers", dataset.type_name()});
    if (dataset.has_attribute("dtype") && dataset.text("dtype") == "bfloat16")
        throw Error(ErrorKind::unsupported, {dataset.where(), "float16, float32, float64 or integers", "bfloat16"});
    const auto count = static_cast<std::uint64_t>(element_count(dataset.shape()));
    const bool wide = dataset.type_name() == "float64";
    if (count > budget / (wide ? 8 : 4))
        throw Error(ErrorKind::resource, {dataset.where(), "weights about as large as the file", "arrays of more than a thousand times its size"});
    budget -= count * (wide ? 8 : 4);
    model::Tensor tensor{.shape = dataset.shape(), .stored_type = dataset.type_name(), .values = {}};
    if (wide) tensor.values = dataset.read<double>();
    else tensor.values = dataset.read<float>();
    return tensor;
}

StoredWeights read_weights(const hdf5::File& file, const hdf5::Group& group) {
    StoredWeights stored;
    stored.backend = group.text_or("backend", "");
    stored.keras_version = group.text_or("keras_version", "");
    stored.version_one = stored.keras_version.empty();
    if (!has_layer_list(group)) throw Error(ErrorKind::format, {group.where(), "the attribute layer_names", "none", "Is this a Keras file?"});
    std::uint64_t budget = weight_budget(file);
    bool any_suffix = false;
    for (const std::string& name : group.chunked_texts("layer_names")) {
        StoredLayer layer{.name = name, .tensors = {}};
        if (!group.has_group(name))
            throw Error(ErrorKind::format, {group.where(), "a group for layer " + name + ", which layer_names lists", "none", "The file may be cut short or damaged."});
        const hdf5::Group holder = group.group(name);
        for (const std::string& weight : holder.chunked_texts("weight_names")) {
            any_suffix = any_suffix || weight.ends_with(":0");
            const hdf5::Dataset dataset = holder.dataset(weight);
            layer.tensors.push_back({weight, dataset.where(), read_tensor(dataset, budget)});
        }
        stored.layers.push_back(std::move(layer));
    }
    stored.theano = stored.backend == "theano" || (stored.version_one && stored.backend.empty() && !any_suffix);
    if (group.has_group("top_level_model_weights") && !group.group("top_level_model_weights").chunked_texts("weight_names").empty())
        stored.notes.push_back("weights of the model itself, outside its layers, are ignored");
    return stored;
}

std::string last_component(const std::string& weight_name) {
    std::string name = weight_name.substr(weight_name.rfind('/') + 1);
    return name.substr(0, name.rfind(':'));
}

model::Role role_of_name(const std::string& weight_name) {
    using model::Role;
    const std::string name = last_component(weight_name);
    for (const Role role : {Role::kernel, Role::recurrent_kernel, Role::embeddings, Role::bias, Role::gamma, Role::beta, Role::moving_mean, Role::moving_variance})
        if (name == to_string(role)) return role;
    struct Old { std::string_view ending; Role role; };   // Keras 1: <layer>_W
    static constexpr Old old[] = {{"_W", Role::kernel}, {"_U", Role::recurrent_kernel}, {"_b", Role::bias}, {"_gamma", Role::gamma},
                                  {"_beta", Role::beta}, {"_running_mean", Role::moving_mean}, {"_running_std", Role::moving_variance}};
    for (const Old& row : old)
        if (name.ends_with(row.ending)) return row.role == Role::kernel && name.starts_with("embedding") ? Role::embeddings : row.role;
    return Role::other;
}

namespace {

template <class T>
void permute_and_flip(std::vector<T>& values, Shape& shape, bool transpose, bool flip) {
    // strides of the stored array along the axes of the canonical one (kh, kw, in, out)
    std::int64_t stride[4] = {shape[1] * shape[2] * shape[3], shape[2] * shape[3], shape[3], 1};
    Shape extent = shape;
    if (transpose) {   // stored as (out, in, kh, kw)
        const std::int64_t by_axis[4] = {stride[2], stride[3], stride[1], stride[0]};
        std::copy(std::begin(by_axis), std::end(by_axis), std::begin(stride));
        extent = {shape[2], shape[3], shape[1], shape[0]};
    }
    std::vector<T> result;
    result.reserve(values.size());
    for (std::int64_t a = 0; a < extent[0]; ++a)
        for (std::int64_t b = 0; b < extent[1]; ++b)
            for (std::int64_t c = 0; c < extent[2]; ++c)
                for (std::int64_t d = 0; d < extent[3]; ++d) {
                    const std::int64_t row = flip ? extent[0] - 1 - a : a, column = flip ? extent[1] - 1 - b : b;
                    result.push_back(values[static_cast<std::size_t>(row * stride[0] + column * stride[1] + c * stride[2] + d * stride[3])]);
                }
    values = std::move(result);
    shape = extent;
}

}  // namespace

void make_canonical(model::Tensor& kernel, const StoredWeights& stored, bool channels_first) {
    if (kernel.shape.size() != 4) return;
    const bool transpose = stored.version_one && channels_first;
    if (!transpose && !stored.theano) return;
    std::visit([&](auto& values) { permute_and_flip(values, kernel.shape, transpose, stored.theano); }, kernel.values);
}

void check_shape(const StoredTensor& stored, const Shape& expected, const std::string& layer) {
    const Shape& found = stored.tensor.shape;
    bool fits = found.size() == expected.size();
    for (std::size_t axis = 0; fits && axis < found.size(); ++axis) fits = expected[axis] == -1 || expected[axis] == found[axis];
    if (!fits)
        throw Error(ErrorKind::format, {"layer " + layer + " weight " + stored.name, "shape " + to_string(expected), "shape " + to_string(found),
                                        "The weights do not belong to this architecture."});
}

}  // namespace assay::formats::keras
