#include "formats/keras_weights.hpp"

#include <algorithm>
#include <bit>

namespace assay::formats::keras {

bool has_layer_list(const hdf5::Group& group) { return group.has_chunked("layer_names"); }

std::uint64_t weight_budget(const hdf5::File& file) { return std::max<std::uint64_t>(std::uint64_t{4} << 30, 1000 * file.bytes()); }

model::Tensor read_tensor(const hdf5::Dataset& dataset, std::uint64_t& budget) {
    const bool brain = !dataset.is_numeric() && dataset.element_bytes() == 2 && dataset.has_attribute("dtype") && dataset.text("dtype") == "bfloat16";
    if (!dataset.is_numeric() && !brain) throw Error(ErrorKind::unsupported, {dataset.where(), "an array of numbers", dataset.type_name()});
    const auto count = static_cast<std::uint64_t>(element_count(dataset.shape()));
    const bool wide = dataset.type_name() == "float64";
    if (count > budget / (wide ? 8 : 4))
        throw Error(ErrorKind::resource, {dataset.where(), "weights about as large as the file", "arrays of more than a thousand times its size"});
    budget -= count * (wide ? 8 : 4);
    model::Tensor tensor{.shape = dataset.shape(), .stored_type = dataset.type_name(), .values = {}};
    if (brain) {   // the upper half of a float32
        tensor.stored_type = "bfloat16";
        std::vector<float> values;
        for (const std::uint16_t bits : dataset.read_bits()) values.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16));
        tensor.values = std::move(values);
    } else if (wide) {
        tensor.values = dataset.read<double>();
    } else {
        tensor.values = dataset.read<float>();
    }
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
        const std::optional<hdf5::Group> holder = group.find_group(name);
        if (!holder)
            throw Error(ErrorKind::format, {group.where(), "a group for layer " + name + ", which layer_names lists", "none", "The file may be cut short or damaged."});
        for (const std::string& weight : holder->chunked_texts("weight_names")) {
            any_suffix = any_suffix || weight.ends_with(":0");
            const hdf5::Dataset dataset = holder->dataset(weight);
            layer.tensors.push_back({weight, dataset.where(), read_tensor(dataset, budget)});
        }
        stored.layers.push_back(std::move(layer));
    }
    stored.theano = stored.backend == "theano" || (stored.version_one && stored.backend.empty() && !any_suffix);
    if (group.has_group("top_level_model_weights") && !group.group("top_level_model_weights").chunked_texts("weight_names").empty())
        stored.notes.push_back("weights of the model itself, outside its layers, are ignored");
    return stored;
}

bool is_numbered(const hdf5::File& file) { return file.has_attribute("nb_layers") && file.has_group("layer_0"); }

StoredWeights read_numbered(const hdf5::File& file) {
    StoredWeights stored;
    stored.version_one = true;
    stored.theano = true;   // TensorFlow was not there yet when this layout was used
    std::uint64_t budget = weight_budget(file);
    const std::int64_t layers = file.integer("nb_layers");
    for (std::int64_t k = 0; k < layers; ++k) {
        StoredLayer layer{.name = "layer_" + std::to_string(k), .tensors = {}};
        const hdf5::Group group = file.group(layer.name);
        const std::int64_t count = group.has_attribute("nb_params") ? group.integer("nb_params") : 0;
        for (std::int64_t p = 0; p < count; ++p) {
            const hdf5::Dataset dataset = group.dataset("param_" + std::to_string(p));
            layer.tensors.push_back({"param_" + std::to_string(p), dataset.where(), read_tensor(dataset, budget)});
        }
        const auto rank = [&](std::size_t i) { return layer.tensors[i].tensor.shape.size(); };
        if (count == 2 && rank(0) >= 2 && rank(1) == 1) {
            layer.tensors[0].name = "kernel";
            layer.tensors[1].name = "bias";
        }
        stored.layers.push_back(std::move(layer));
    }
    return stored;
}

std::string last_component(const std::string& weight_name) {
    std::string name = weight_name.substr(weight_name.rfind('/') + 1);
    return name.substr(0, name.rfind(':'));
}

model::Role role_of_name(const std::string& weight_name) {
    using model::Role;
    const std::string name = last_component(weight_name);
    for (const Role role : {Role::kernel, Role::recurrent_kernel, Role::depthwise_kernel, Role::pointwise_kernel, Role::embeddings, Role::bias, Role::gamma,
                            Role::beta, Role::moving_mean, Role::moving_variance, Role::alpha, Role::mean, Role::variance, Role::count})
        if (name == to_string(role)) return role;
    struct Old { std::string_view ending; Role role; };   // Keras 1: <layer>_W
    static constexpr Old old[] = {{"_W", Role::kernel}, {"_U", Role::recurrent_kernel}, {"_b", Role::bias}, {"_gamma", Role::gamma},
                                  {"_beta", Role::beta}, {"_running_mean", Role::moving_mean}, {"_running_std", Role::moving_variance}, {"_alphas", Role::alpha}};
    for (const Old& row : old)
        if (name.ends_with(row.ending)) return row.role == Role::kernel && name.starts_with("embedding") ? Role::embeddings : row.role;
    return Role::other;
}

namespace {

// In tiles over the axis that is contiguous in the result and the one that is contiguous in the source, so that neither leaves the cache.
template <class T>
std::vector<T> permuted(const std::vector<T>& values, const Shape& shape, const std::vector<std::size_t>& order, std::size_t flipped) {
    constexpr std::int64_t tile = 32;
    if (values.empty() || shape.empty()) return values;
    std::vector<T> result(values.size());
    std::vector<std::int64_t> stride(shape.size(), 1);
    for (std::size_t axis = shape.size(); axis-- > 1;) stride[axis - 1] = stride[axis] * shape[axis];

    struct Axis { std::int64_t extent, from, to; };   // of the result, with its steps in both arrays
    std::vector<Axis> axes;
    std::int64_t origin = 0;
    for (std::size_t axis = 0; axis < order.size(); ++axis) {
        axes.push_back({shape[order[axis]], stride[order[axis]], 1});
        if (axis >= flipped) continue;
        origin += (axes[axis].extent - 1) * axes[axis].from;
        axes[axis].from = -axes[axis].from;
    }
    for (std::size_t axis = axes.size(); axis-- > 1;) axes[axis - 1].to = axes[axis].to * axes[axis].extent;
    const Axis along = axes.back();
    axes.pop_back();
    const auto nearest = std::min_element(axes.begin(), axes.end(), [](const Axis& a, const Axis& b) { return std::abs(a.from) < std::abs(b.from); });
    const Axis across = nearest == axes.end() ? Axis{1, 0, 0} : *nearest;
    if (nearest != axes.end()) axes.erase(nearest);

    const auto move_plane = [&](std::int64_t from, std::int64_t to) {
        for (std::int64_t i = 0; i < across.extent; i += tile)
            for (std::int64_t j = 0; j < along.extent; j += tile)
                for (std::int64_t y = i; y < std::min(i + tile, across.extent); ++y)
                    for (std::int64_t x = j; x < std::min(j + tile, along.extent); ++x)
                        result[static_cast<std::size_t>(to + y * across.to + x)] = values[static_cast<std::size_t>(from + y * across.from + x * along.from)];
    };
    const auto move = [&](const auto& self, std::size_t axis, std::int64_t from, std::int64_t to) -> void {
        if (axis == axes.size()) return move_plane(from, to);
        for (std::int64_t k = 0; k < axes[axis].extent; ++k) self(self, axis + 1, from + k * axes[axis].from, to + k * axes[axis].to);
    };
    move(move, 0, origin, 0);
    return result;
}

}  // namespace

void permute_tensor(model::Tensor& tensor, const std::vector<std::size_t>& order, std::size_t flipped) {
    std::visit([&](auto& values) { values = permuted(values, tensor.shape, order, flipped); }, tensor.values);
    Shape shape;
    for (const std::size_t axis : order) shape.push_back(tensor.shape[axis]);
    tensor.shape = std::move(shape);
}

void make_canonical(model::Tensor& kernel, const StoredWeights& stored, const std::string& layer_class, bool channels_first) {
    const std::size_t rank = kernel.shape.size();
    if (rank < 3 || rank > 5) return;
    std::vector<std::size_t> order(rank);
    for (std::size_t axis = 0; axis < rank; ++axis) order[axis] = axis;
    bool moved = false;
    if (stored.version_one && rank > 3 && (channels_first || layer_class == "Conv2DTranspose")) {
        if (channels_first) {   // (out, in, spatial...)
            for (std::size_t axis = 0; axis + 2 < rank; ++axis) order[axis] = axis + 2;
            order[rank - 2] = 1;
            order[rank - 1] = 0;
        }
        // Keras 1 says (filters, input) for a transposed convolution too, and swaps the two where the channels are last.
        if (layer_class == "Conv2DTranspose") std::swap(order[rank - 2], order[rank - 1]);
        moved = true;
    }
    if (moved || stored.theano) permute_tensor(kernel, order, stored.theano ? rank - 2 : 0);
}

void join_axes(model::Tensor& tensor, const model::Parameter& canonical) {
    const bool joined = canonical.layer_class == "MultiHeadAttention" || canonical.layer_class == "EinsumDense" || canonical.layer_class == "TimeDistributed";
    if (joined && tensor.shape.size() > canonical.shape.size() && element_count(tensor.shape) == element_count(canonical.shape)) tensor.shape = canonical.shape;
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
