#include "formats/keras_one_weights.hpp"

#include <algorithm>

namespace assay::formats::keras {
namespace {

using Range = std::span<const std::size_t>;

// Arrays side by side along their last axis.
model::Tensor joined(const std::vector<StoredTensor>& tensors, Range which, const Layer& layer) {
    model::Tensor result{.shape = tensors[which[0]].tensor.shape, .stored_type = tensors[which[0]].tensor.stored_type, .values = {}};
    if (result.shape.empty()) throw Error(ErrorKind::format, {"layer " + layer.name + " weight " + tensors[which[0]].name, "an array for one gate", "a single number"});
    const std::int64_t width = result.shape.back();
    for (const std::size_t i : which)
        if (tensors[i].tensor.shape != result.shape)
            throw Error(ErrorKind::format, {"layer " + layer.name + " weight " + tensors[i].name, "shape " + to_string(result.shape) + ", as for the first gate",
                                            "shape " + to_string(tensors[i].tensor.shape)});
    const std::int64_t rows = width > 0 ? result.size() / width : 0;
    result.shape.back() *= static_cast<std::int64_t>(which.size());
    std::visit([&](const auto& first) {
        auto values = std::decay_t<decltype(first)>();
        for (std::int64_t row = 0; row < rows; ++row)
            for (const std::size_t i : which)
                for (std::int64_t k = 0; k < width; ++k)
                    values.push_back(static_cast<typename std::decay_t<decltype(first)>::value_type>(tensors[i].tensor.at(static_cast<std::size_t>(row * width + k))));
        result.values = std::move(values);
    }, tensors[which[0]].tensor.values);
    return result;
}

// W, U and b of each gate, one gate after the other: they become kernel, recurrent kernel and bias with the gates in Keras 2's order.
void join_gates(const Layer& layer, const std::vector<std::size_t>& gates, std::vector<StoredTensor>& tensors) {
    static constexpr const char* names[] = {"kernel", "recurrent_kernel", "bias"};
    std::vector<StoredTensor> result;
    for (std::size_t part = 0; part < 3; ++part) {
        std::vector<std::size_t> which;
        for (const std::size_t gate : gates) which.push_back(3 * gate + part);
        result.push_back({names[part], tensors[which[0]].path, joined(tensors, which, layer)});
    }
    tensors = std::move(result);
}

// (length, 1, in, out), and until Keras 1.1 (out, in, length, 1).
void drop_width(const Layer& layer, model::Tensor& kernel) {
    if (kernel.shape.size() != 4) return;
    Json length = layer.config.value("kernel_size", Json());
    if (length.is_array() && length.size() == 1) length = Json(length[0]);
    const Json filters = layer.config.value("filters", Json());
    const auto says = [](const Json& setting, std::int64_t extent) { return !setting.is_number_integer() || setting == extent; };
    const bool newer = kernel.shape[1] == 1 && says(length, kernel.shape[0]) && says(filters, kernel.shape[3]);
    if (!newer && kernel.shape[3] == 1) permute_tensor(kernel, {2, 3, 1, 0});
    if (kernel.shape[1] != 1)
        throw Error(ErrorKind::format, {"layer " + layer.name + " weight kernel", "shape (length, 1, in, out) or (out, in, length, 1)", "shape " + to_string(kernel.shape)});
    kernel.shape.erase(kernel.shape.begin() + 1);
}

// The layer inside a wrapper, itself where there is none.
Layer innermost(const Layer& layer) {
    Layer inner = layer;
    for (int depth = 0; depth < 8 && (inner.class_name == "TimeDistributed" || inner.class_name == "Bidirectional"); ++depth) {
        const Json wrapped = inner.config.value("layer", Json());
        if (!wrapped.is_object() || !wrapped.contains("class_name") || !wrapped["class_name"].is_string() || !wrapped.contains("config")) break;
        inner.class_name = wrapped["class_name"].get<std::string>();
        inner.config = wrapped["config"];
    }
    return inner;
}

void renew_one(const Layer& layer, std::vector<StoredTensor>& tensors) {
    const std::string& name = layer.class_name;
    if ((name == "LSTM" || name == "ConvLSTM2D") && tensors.size() == 12) join_gates(layer, {0, 2, 1, 3}, tensors);   // i, c, f, o -> i, f, c, o
    if (name == "GRU" && tensors.size() == 9) join_gates(layer, {0, 1, 2}, tensors);                                  // z, r, h
    if (name == "Conv1D" && !tensors.empty()) drop_width(layer, tensors[0].tensor);
}

}  // namespace

void renew_arrays(const Layer& layer, const StoredWeights& stored, const Dialect&, std::vector<StoredTensor>& tensors) {
    if (!stored.version_one) return;
    const Layer inner = innermost(layer);
    if (layer.class_name != "Bidirectional" || tensors.size() % 2 != 0) return renew_one(inner, tensors);
    const auto half = tensors.begin() + static_cast<std::ptrdiff_t>(tensors.size() / 2);
    std::vector<StoredTensor> forward(std::make_move_iterator(tensors.begin()), std::make_move_iterator(half));
    std::vector<StoredTensor> backward(std::make_move_iterator(half), std::make_move_iterator(tensors.end()));
    renew_one(inner, forward);
    renew_one(inner, backward);
    tensors = std::move(forward);
    tensors.insert(tensors.end(), std::make_move_iterator(backward.begin()), std::make_move_iterator(backward.end()));
}

void make_kernel_canonical(model::Tensor& kernel, const StoredWeights& stored, const Layer& layer, const Dialect& dialect) {
    if (!stored.version_one && !stored.theano) return;
    const Layer inner = innermost(layer);
    make_canonical(kernel, stored, inner.class_name, channels_first(inner, dialect));
}

}  // namespace assay::formats::keras
