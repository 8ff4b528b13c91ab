#include "libanalysis/engine/batches.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace assay::engine {

namespace {

bool same_but_for_a_channel_axis(const Shape& data, const Shape& network) {
    return data == network || (network.size() == data.size() + 1 && network.back() == 1 && std::equal(data.begin(), data.end(), network.begin()));
}

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
}

std::size_t source_of(const std::vector<std::string>& names, const std::vector<std::string>& inputs, std::size_t input) {
    if (inputs.size() == 1 && names.size() == 1) return 0;
    const auto found = std::find(names.begin(), names.end(), inputs[input]);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
    throw Error(ErrorKind::data, {"data for input " + inputs[input], "an array of that name", joined(names), "Name the arrays as the model names its inputs."});
}

template <class T>
std::vector<T> read_floats(const data::Split& split, std::size_t input, std::span<const std::int64_t> rows, std::size_t elements,
                           const data::Preprocessing& preprocessing, std::int64_t channels) {
    std::vector<T> values(elements);
    split.read(input, rows, std::span<T>(values));
    preprocessing.apply(std::span<T>(values), channels);
    return values;
}

std::vector<std::int32_t> read_integers(const data::Split& split, std::size_t input, std::span<const std::int64_t> rows, std::size_t elements,
                                        const std::string& name) {
    std::vector<double> values(elements);
    split.read(input, rows, std::span<double>(values));
    std::vector<std::int32_t> integers(elements);
    for (std::size_t i = 0; i < elements; ++i) {
        if (!(std::abs(values[i]) <= std::numeric_limits<std::int32_t>::max()) || values[i] != std::floor(values[i])) {
            throw Error(ErrorKind::data, {"data for input " + name, "integers", std::to_string(values[i])});
        }
        integers[i] = static_cast<std::int32_t>(values[i]);
    }
    return integers;
}

}  // namespace

Batches::Batches(const Network& network, const data::Rows& rows) : network_(network), rows_(rows), size_(network.micro_batch()) {
    if (!rows.split) throw Error(ErrorKind::missing, {"data", "rows to run over", "none"});
    const std::vector<std::string> names = rows.split->input_names();
    for (std::size_t input = 0; input < network.input_names().size(); ++input) {
        const std::size_t source = source_of(names, network.input_names(), input);
        const Shape found = rows.split->input_shape(source), &wanted = network.input_shapes()[input];
        if (!same_but_for_a_channel_axis(found, wanted)) {
            throw Error(ErrorKind::data, {"data for input " + network.input_names()[input], "rows of shape " + assay::to_string(wanted), "rows of shape " + assay::to_string(found),
                                          "The data set does not belong to this model."});
        }
        source_.push_back(source);
    }
}

Batch Batches::read(Backend& lane, std::int64_t batch) const {
    const auto indices = std::span(rows_.indices).subspan(static_cast<std::size_t>(first(batch)), static_cast<std::size_t>(size(batch)));
    Batch result;
    result.size = size(batch);
    for (std::size_t input = 0; input < source_.size(); ++input) {
        const Shape& shape = network_.input_shapes()[input];
        const auto elements = static_cast<std::size_t>(element_count(shape) * result.size);
        const std::int64_t channels = shape.empty() ? 1 : shape.back();
        const DType type = network_.input_types()[input];
        Buffer buffer = lane.allocate(type, elements);
        const auto fill = [&](const auto& values) { lane.upload(values.data(), buffer.view()); };
        switch (type) {
            case DType::float32: fill(read_floats<float>(*rows_.split, source_[input], indices, elements, rows_.preprocessing, channels)); break;
            case DType::float64: fill(read_floats<double>(*rows_.split, source_[input], indices, elements, rows_.preprocessing, channels)); break;
            case DType::int32: fill(read_integers(*rows_.split, source_[input], indices, elements, network_.input_names()[input])); break;
        }
        result.inputs.push_back(std::move(buffer));
    }
    return result;
}

Labels labels_of(const data::Rows& rows, std::int64_t first, std::int64_t count, const Loss& loss, std::int64_t width) {
    const data::Split& split = *rows.split;
    const auto indices = std::span(rows.indices).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
    if (!split.has_labels()) throw Error(ErrorKind::data, {"data", "labels for loss " + std::string(loss.name), "none"});
    Labels labels;
    if (split.target_size() > 0) {
        if (loss.class_labels || split.target_size() != width) {
            throw Error(ErrorKind::data, {"labels for loss " + std::string(loss.name), loss.class_labels ? "classes" : std::to_string(width) + " targets a row",
                                          std::to_string(split.target_size()) + " targets a row"});
        }
        labels.targets.resize(static_cast<std::size_t>(count * width));
        split.read_targets(indices, labels.targets);
        return labels;
    }
    labels.classes.resize(static_cast<std::size_t>(count));
    split.read_labels(indices, labels.classes);
    if (loss.class_labels) return labels;
    labels.targets.assign(static_cast<std::size_t>(count * width), 0.0);
    for (std::int64_t i = 0; i < count; ++i) {
        const std::int64_t label = labels.classes[static_cast<std::size_t>(i)];
        if (width == 1) {
            labels.targets[static_cast<std::size_t>(i)] = static_cast<double>(label);
        } else {
            if (label < 0 || label >= width) {
                throw Error(ErrorKind::data, {"labels", "a class from 0 to " + std::to_string(width - 1), std::to_string(label),
                                              "The data set does not belong to this model."});
            }
            labels.targets[static_cast<std::size_t>(i * width + label)] = 1.0;
        }
    }
    return labels;
}

}  // namespace assay::engine
