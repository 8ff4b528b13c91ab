#include "formats/keras_gates.hpp"

#include <string_view>

namespace assay::formats::keras {
namespace {

// "lstm_1_W_i:0" is of kind W and gate i.
struct GateName { std::string base; char kind = 0, gate = 0; };

GateName gate_name(const std::string& weight_name) {
    const std::string name = last_component(weight_name);
    const std::size_t n = name.size();
    if (n < 4 || name[n - 2] != '_' || name[n - 4] != '_') return {};
    return {name.substr(0, n - 2), name[n - 3], name[n - 1]};
}

// Where the arrays of one kind lie among `count` from `first` on, gate by gate; empty unless all do.
std::vector<const StoredTensor*> find_gates(const std::vector<StoredTensor>& tensors, std::size_t first, std::size_t count, char kind, std::string_view gates) {
    std::vector<const StoredTensor*> found;
    for (const char gate : gates)
        for (std::size_t i = first; i < first + count; ++i) {
            const GateName name = gate_name(tensors[i].name);
            if (name.kind == kind && name.gate == gate) found.push_back(&tensors[i]);
        }
    return found.size() == gates.size() ? found : std::vector<const StoredTensor*>{};
}

StoredTensor side_by_side(const std::vector<const StoredTensor*>& gates) {
    StoredTensor joined = *gates[0];
    joined.name = gate_name(gates[0]->name).base;
    const Shape& shape = gates[0]->tensor.shape;
    for (const StoredTensor* gate : gates)
        if (gate->tensor.shape != shape || gate->tensor.values.index() != joined.tensor.values.index() || shape.empty())
            throw Error(ErrorKind::format, {gate->path, "a gate like the others, of shape " + to_string(shape), "shape " + to_string(gate->tensor.shape)});
    joined.tensor.shape.back() *= static_cast<std::int64_t>(gates.size());
    std::visit([&](auto& values) {
        using Values = std::remove_reference_t<decltype(values)>;
        values.clear();
        const auto cols = static_cast<std::size_t>(shape.back()), rows = cols == 0 ? 0 : static_cast<std::size_t>(element_count(shape)) / cols;
        for (std::size_t r = 0; r < rows; ++r)
            for (const StoredTensor* gate : gates) {
                const auto from = std::get<Values>(gate->tensor.values).begin() + static_cast<std::ptrdiff_t>(r * cols);
                values.insert(values.end(), from, from + static_cast<std::ptrdiff_t>(cols));
            }
    }, joined.tensor.values);
    return joined;
}

}  // namespace

void join_gates(std::vector<StoredTensor>& tensors) {
    std::vector<StoredTensor> result;
    for (std::size_t first = 0; first < tensors.size();) {
        bool joined = false;
        for (const std::string_view gates : {std::string_view("ifco"), std::string_view("zrh")}) {
            const std::size_t count = 3 * gates.size();
            if (joined || first + count > tensors.size()) continue;
            std::vector<std::vector<const StoredTensor*>> kinds;
            for (const char kind : {'W', 'U', 'b'}) kinds.push_back(find_gates(tensors, first, count, kind, gates));
            if (kinds[0].empty() || kinds[1].empty() || kinds[2].empty()) continue;
            for (const auto& kind : kinds) result.push_back(side_by_side(kind));
            first += count;
            joined = true;
        }
        if (!joined) result.push_back(std::move(tensors[first++]));
    }
    tensors = std::move(result);
}

void convert_cudnn(model::Tensor& tensor, model::Role role, bool lstm) {
    const std::int64_t gates = lstm ? 4 : 3;
    const Shape shape = tensor.shape;
    const bool bias = role == model::Role::bias;
    if (shape.size() != (bias ? 1u : 2u) || shape.back() % (bias ? 2 * gates : gates) != 0)
        throw Error(ErrorKind::format, {"an array of a CuDNN layer", std::to_string(gates) + " gates side by side", "shape " + to_string(shape)});
    std::visit([&](auto& values) {
        if (bias) {
            tensor.shape = {2, shape[0] / 2};
            if (!lstm) return;
            const std::size_t half = values.size() / 2;
            for (std::size_t i = 0; i < half; ++i) values[i] += values[half + i];
            values.resize(half);
            tensor.shape = {shape[0] / 2};
            return;
        }
        // The block of a gate, read row by row as [rows, units], holds [units, rows].
        const std::int64_t rows = shape[0], width = shape[1], units = width / gates;
        auto result = values;
        const auto place = [&](std::int64_t r, std::int64_t gate, std::int64_t u) { return static_cast<std::size_t>(r * width + gate * units + u); };
        for (std::int64_t gate = 0; gate < gates; ++gate)
            for (std::int64_t r = 0; r < rows; ++r)
                for (std::int64_t u = 0; u < units; ++u) {
                    const std::int64_t k = u * rows + r;
                    result[place(r, gate, u)] = values[place(k / units, gate, k % units)];
                }
        values = std::move(result);
    }, tensor.values);
}

}  // namespace assay::formats::keras
