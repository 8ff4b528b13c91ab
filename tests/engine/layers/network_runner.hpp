#pragma once
// A network at a point, on host vectors: the loss is any function of the outputs with known derivatives.

#include "libanalysis/engine/network.hpp"
#include "libanalysis/engine/tape.hpp"
#include "tests/engine/backend/backend_under_test.hpp"
#include "tests/engine/backend/guarded.hpp"
#include "tests/engine/layers/model_builder.hpp"

#include <cmath>
#include <deque>
#include <memory>
#include <vector>

namespace assay::test {

using Values = std::vector<double>;

/// sum over outputs k and entries j of c_kj sin(y_kj): curved, and different for every output.
class NetworkRunner {
public:
    NetworkRunner(const model::Model& model, engine::DType type, std::int64_t rows)
        : network(model, {.precision = type}), lane(make_backend_under_test()), rows_(rows), type_(type) {
        const engine::Buffer packed = network.pack(*lane, model.weights);
        parameters = lane->to_host(packed.view());
        for (std::size_t i = 0; i < network.input_shapes().size(); ++i) {
            const std::size_t size = static_cast<std::size_t>(rows * element_count(network.input_shapes()[i]));
            Values values = normals(size, 300 + i);
            if (network.input_types()[i] == engine::DType::int32)
                for (std::size_t k = 0; k < size; ++k) values[k] = static_cast<double>(Seed{5}.bits(k) % 4);
            inputs.push_back(values);
        }
    }
    std::size_t size() const { return network.layout().trainable_count; }

    engine::Tape forward(const Values& theta, const Values& x) {
        engine::Batch batch = at(theta, x);
        return network.forward(*lane, packed_.back().view(), std::move(batch));
    }
    Values outputs_alone(const Values& theta, const Values& x) {
        engine::Batch batch = at(theta, x);
        return flat(network.outputs(*lane, packed_.back().view(), std::move(batch)));
    }
    Values theta() const { return {parameters.begin(), parameters.begin() + static_cast<std::ptrdiff_t>(size())}; }
    Values x() const {   // float inputs
        Values flat;
        for (std::size_t i = 0; i < inputs.size(); ++i)
            if (network.input_types()[i] != engine::DType::int32) flat.insert(flat.end(), inputs[i].begin(), inputs[i].end());
        return flat;
    }
    Values outputs(const engine::Tape& tape) {   // of all outputs, one after the other
        Values flat;
        for (std::size_t k = 0; k < network.output_shapes().size(); ++k) {
            const Values y = lane->to_host(tape.network_output(k));
            flat.insert(flat.end(), y.begin(), y.end());
        }
        return flat;
    }
    static Values weights(std::size_t count) { return normals(count, 999); }
    double loss(const Values& theta, const Values& x) {
        const engine::Tape tape = forward(theta, x);
        const Values y = outputs(tape), c = weights(y.size());
        double sum = 0;
        for (std::size_t j = 0; j < y.size(); ++j) sum += c[j] * std::sin(y[j]);
        return sum;
    }
    /// Buffers and views of a flat list of output values.
    struct Seeds { std::vector<engine::Buffer> buffers; std::vector<engine::ConstView> views; };
    Seeds split(const Values& flat) {
        Seeds seeds;
        std::size_t offset = 0;
        for (const Shape& shape : network.output_shapes()) {
            const auto count = static_cast<std::size_t>(rows_ * element_count(shape));
            seeds.buffers.push_back(lane->from_host(std::span(flat).subspan(offset, count), type_));
            seeds.views.push_back(seeds.buffers.back().const_view());
            offset += count;
        }
        return seeds;
    }
    struct Result { Values parameters, inputs; };
    Result backward(engine::Tape& tape, const Values& seeds) {
        const Seeds views = split(seeds);
        engine::Buffer gradient = lane->zeros(type_, size());
        std::vector<engine::Buffer> of_inputs;
        network.backward(*lane, tape, views.views, gradient.view(), &of_inputs);
        return {lane->to_host(gradient.view()), flat(of_inputs)};
    }
    Values loss_gradient_seeds(const engine::Tape& tape) {
        const Values y = outputs(tape), c = weights(y.size());
        Values seeds(y.size());
        for (std::size_t j = 0; j < y.size(); ++j) seeds[j] = c[j] * std::cos(y[j]);
        return seeds;
    }
    Result gradient(const Values& theta, const Values& x) {
        engine::Tape tape = forward(theta, x);
        return backward(tape, loss_gradient_seeds(tape));
    }
    /// Tangents of all outputs along a direction of parameters and inputs (either may be empty).
    Values tangent(engine::Tape& tape, const Values& direction, const Values& dx = {}) {
        direction_ = direction.empty() ? engine::Buffer{} : lane->from_host(direction, type_);
        std::vector<engine::ConstView> of_inputs;
        dx_.clear();
        std::size_t offset = 0;
        for (std::size_t i = 0; !dx.empty() && i < inputs.size(); ++i) {
            dx_.emplace_back();
            if (network.input_types()[i] != engine::DType::int32) {
                dx_.back() = lane->from_host(std::span(dx).subspan(offset, inputs[i].size()), type_);
                offset += inputs[i].size();
            }
            of_inputs.push_back(dx_.back().const_view());
        }
        Values flat;
        for (const engine::ConstView& ty : network.forward_tangent(*lane, tape, direction_.const_view(), of_inputs)) {
            const Values part = lane->to_host(ty);
            flat.insert(flat.end(), part.begin(), part.end());
        }
        return flat;
    }
    /// Hessian of the loss times a direction; the tape has its deltas.
    Result hessian_product(engine::Tape& tape, const Values& direction, const Values& dx = {}) {
        const Values ty = tangent(tape, direction, dx), y = outputs(tape), c = weights(y.size());
        Values seeds(y.size());
        for (std::size_t j = 0; j < y.size(); ++j) seeds[j] = -c[j] * std::sin(y[j]) * ty[j];
        return backward_tangent(tape, seeds);
    }
    Result backward_tangent(engine::Tape& tape, const Values& seed_tangents) {
        const Seeds views = split(seed_tangents);
        engine::Buffer product = lane->zeros(type_, size());
        std::vector<engine::Buffer> of_inputs;
        network.backward_tangent(*lane, tape, views.views, product.view(), &of_inputs);
        return {lane->to_host(product.view()), flat(of_inputs)};
    }
    Values flat(const std::vector<engine::Buffer>& buffers) {
        Values all;
        for (const engine::Buffer& buffer : buffers) {
            if (buffer.empty()) continue;
            const Values values = lane->to_host(buffer.view());
            all.insert(all.end(), values.begin(), values.end());
        }
        return all;
    }

    engine::Network network;
    std::unique_ptr<engine::Backend> lane;
    std::vector<Values> inputs;
    Values parameters;

private:
    engine::Batch at(const Values& theta, const Values& x) {
        Values all = parameters;
        std::copy(theta.begin(), theta.end(), all.begin());
        packed_.push_back(lane->from_host(all, type_));   // parameters outlive their tapes
        engine::Batch batch{rows_, {}};
        std::size_t offset = 0;
        for (std::size_t i = 0; i < inputs.size(); ++i) {
            const bool integer = network.input_types()[i] == engine::DType::int32;
            Values values = inputs[i];
            if (!integer) std::copy_n(x.begin() + static_cast<std::ptrdiff_t>(offset), values.size(), values.begin());
            if (!integer) offset += values.size();
            batch.inputs.push_back(lane->from_host(values, integer ? engine::DType::int32 : type_));
        }
        return batch;
    }
    std::int64_t rows_;
    engine::DType type_;
    std::deque<engine::Buffer> packed_;
    engine::Buffer direction_;
    std::vector<engine::Buffer> dx_;
};

}  // namespace assay::test
