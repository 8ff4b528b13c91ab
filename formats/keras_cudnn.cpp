#include "formats/keras_cudnn.hpp"

namespace assay::formats::keras {

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
