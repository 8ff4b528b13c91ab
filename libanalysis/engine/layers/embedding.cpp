// Embedding: y[t] = table[x[t]] for integer x; table [input_dim, output_dim]. `mask_zero`: index 0 is padding, and its steps
// are masked for the layers that follow.

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/layers/kinds.hpp"

namespace assay::engine::layers {
namespace {

class Embedding final : public Layer {
public:
    explicit Embedding(const LayerSpec& spec)
        : where_(spec.where), words_(spec.integer("input_dim")), width_(spec.integer("output_dim")), mask_zero_(spec.boolean("mask_zero", false)) {
        spec.require_inputs(1);
        if (mask_zero_) spec.require_rank(0, 1);
        if (words_ < 1 || width_ < 1) spec.fail("positive `input_dim` and `output_dim`", std::to_string(words_) + ", " + std::to_string(width_));
        spec.require_parameter(0, {words_, width_}, "table");
        output_shape_ = spec.inputs[0];
        output_shape_.push_back(width_);
        times_ = element_count(spec.inputs[0]);
    }
    bool integer_input() const override { return true; }
    bool makes_mask() const override { return mask_zero_; }
    bool piecewise_linear() const override { return true; }

    void forward(Backend& lane, const Frame& frame) const override {
        const std::vector<std::int32_t> indices = on_host(lane, frame);
        std::vector<double> mask(indices.size());
        for (std::size_t i = 0; i < indices.size(); ++i) {
            if (indices[i] < 0 || indices[i] >= words_)
                throw Error(ErrorKind::data, {where_, "indices from 0 to " + std::to_string(words_ - 1), std::to_string(indices[i])});
            mask[i] = indices[i] != 0;
        }
        lane.gather_rows(frame.parameters[0], frame.inputs[0], width_, frame.output);
        if (!frame.output_mask.empty()) lane.copy(lane.from_host(mask, frame.output_mask.type).view(), frame.output_mask);
    }
    void backward_input(Backend&, const Frame&, ConstView, std::span<const View>) const override {}
    void backward_weights(Backend& lane, const Frame& frame, ConstView gy, std::span<const View> gw) const override {
        if (!gw[0].empty()) lane.scatter_add_rows(gy, frame.inputs[0], width_, gw[0]);
    }
    void forward_tangent(Backend& lane, const Frame& frame, const Tangent& tangent) const override {
        weight_tangent(lane, frame, tangent.parameters, tangent.output, false);
    }
    void weight_tangent(Backend& lane, const Frame& frame, std::span<const ConstView> tw, View ty, bool accumulate) const override {
        const ConstView table = at_or_empty(tw, 0);
        if (table.empty()) {
            if (!accumulate) lane.fill(ty, 0);
        } else if (accumulate) {
            Buffer moved = lane.allocate(ty.type, ty.size);
            lane.gather_rows(table, frame.inputs[0], width_, moved.view());
            lane.axpy(1, moved.view(), ty);
        } else {
            lane.gather_rows(table, frame.inputs[0], width_, ty);
        }
    }
    void backward_tangent(Backend& lane, const Frame& frame, const Tangent&, ConstView, ConstView tgy, std::span<const View>,
                          std::span<const View> tgw) const override {
        if (!tgy.empty()) backward_weights(lane, frame, tgy, tgw);
    }
    // The table is large and a sample touches few rows: |sum over equal indices|^2 from the Gram matrix of the sample's gy.
    void weight_gradient_norms(Backend& lane, const Frame& frame, ConstView gy, std::int64_t seeds, std::span<const View> norms) const override {
        if (norms[0].empty()) return;
        const std::vector<std::int32_t> indices = on_host(lane, frame);
        const auto steps = static_cast<std::size_t>(times_), batch = static_cast<std::size_t>(frame.batch), sample = steps * static_cast<std::size_t>(width_);
        Buffer gram = lane.allocate(gy.type, steps * steps);
        std::vector<double> sums(batch, 0);
        for (std::size_t n = 0; n < batch; ++n) {
            for (std::size_t k = 0; k < static_cast<std::size_t>(seeds); ++k) {
                const ConstView g = gy.slice((k * batch + n) * sample, sample);
                lane.gemm(false, true, times_, times_, width_, 1, g, width_, g, width_, k == 0 ? 0 : 1, gram.view(), times_);
            }
            const std::vector<double> products = lane.to_host(gram.view());
            for (std::size_t s = 0; s < steps; ++s)
                for (std::size_t t = 0; t < steps; ++t)
                    if (indices[n * steps + s] == indices[n * steps + t]) sums[n] += products[s * steps + t];
        }
        lane.axpy(1, lane.from_host(sums, norms[0].type).view(), norms[0]);
    }

private:
    static std::vector<std::int32_t> on_host(Backend& lane, const Frame& frame) {
        std::vector<std::int32_t> indices(frame.inputs[0].size);
        lane.download(frame.inputs[0], indices.data());
        return indices;
    }
    std::string where_;
    std::int64_t words_, width_, times_ = 1;
    bool mask_zero_;
};

}  // namespace

const LayerKind embedding_kind{"embedding", make<Embedding>};

}  // namespace assay::engine::layers
