#pragma once
// What the battery needs of a layer: its four functions on host vectors, with every argument between sentinels. The
// differentiable arrays (float inputs, then parameters) are one flat vector.

#include "libanalysis/core/json.hpp"
#include "libanalysis/engine/layer.hpp"
#include "tests/engine/backend/backend_under_test.hpp"
#include "tests/engine/backend/guarded.hpp"
#include "tests/engine/layers/layer_cases.hpp"

#include <cmath>
#include <deque>
#include <functional>
#include <memory>
#include <numeric>

namespace assay::test {

using Flat = std::vector<double>;
using engine::ConstView;
using engine::DType;
using engine::View;

inline double inner(const Flat& a, const Flat& b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }
inline Flat combine(const Flat& a, double step, const Flat& b) {
    Flat sum = a;
    for (std::size_t i = 0; i < a.size(); ++i) sum[i] += step * b[i];
    return sum;
}
inline std::size_t count_of(const Shape& shape) { return static_cast<std::size_t>(element_count(shape)); }

class Instance {
public:
    struct Block { bool input; std::size_t index, offset, size; };

    Instance(const LayerCase& tested, DType type, std::int64_t batch) : case_(tested), type_(type), batch_(batch), lane_(make_backend_under_test()) {
        spec_ = {.where = "case " + tested.name, .attributes = Json::parse(tested.attributes), .inputs = tested.inputs, .parameters = tested.parameters};
        layer_ = engine::make_layer(tested.kind, spec_);
        const Seed seed = Seed{77}.child(tested.name);
        const auto rows = static_cast<std::size_t>(batch);
        for (std::size_t i = 0; i < tested.inputs.size(); ++i) {
            const std::size_t size = rows * count_of(tested.inputs[i]);
            Flat values(size);
            const std::vector<std::int64_t> order = permutation(seed.child("order").child(i), static_cast<std::int64_t>(size));
            for (std::size_t k = 0; k < size; ++k) {
                const double normal = seed.child("input").child(i).normal(k);
                if (tested.vocabulary > 0) values[k] = static_cast<double>(seed.child("index").bits(k) % static_cast<unsigned>(tested.vocabulary));
                else if (tested.kind.find("max_pooling") != std::string::npos) values[k] = 0.125 * static_cast<double>(order[k]) - 2;   // no two are close
                else values[k] = static_cast<float>(normal + std::copysign(0.1, normal));                     // none is close to a kink at 0
            }
            if (tested.vocabulary == 0) blocks_.push_back({true, i, total_, size});
            if (tested.vocabulary == 0) total_ += size;
            inputs_.push_back(values);
        }
        for (std::size_t j = 0; j < tested.parameters.size(); ++j) {
            Flat values(count_of(tested.parameters[j]));
            const bool constant = j + tested.constants >= tested.parameters.size();
            for (std::size_t k = 0; k < values.size(); ++k) {
                values[k] = static_cast<float>(0.6 * seed.child("parameter").child(j).normal(k));
                if (constant && j + 1 == tested.parameters.size()) values[k] = static_cast<float>(0.5 + std::abs(values[k]));   // a variance
            }
            if (!constant) blocks_.push_back({false, j, total_, values.size()});
            if (!constant) total_ += values.size();
            parameters_.push_back(values);
        }
        if (tested.masked) {   // some steps of every kind: first, middle, last; the second sample wholly masked, unless that has no value
            const bool wholly = tested.kind != "global_average_pooling_1d";
            const auto time = static_cast<std::size_t>(tested.inputs[0][0]);
            for (std::size_t n = 0; n < rows; ++n)
                for (std::size_t t = 0; t < time; ++t) mask_.push_back(n == 1 && wholly ? 0 : ((n >> 1) + t * (n + 1)) % 3 == 0 ? 0 : 1);
        }
    }

    /// Other inputs and parameters than the seeded ones.
    void set(std::vector<Flat> inputs, std::vector<Flat> parameters) {
        inputs_ = std::move(inputs);
        parameters_ = std::move(parameters);
    }
    /// Rows first .. last of the same data.
    Instance part(std::int64_t first, std::int64_t last) const {
        Instance result(case_, type_, last - first);
        for (std::size_t i = 0; i < inputs_.size(); ++i) result.inputs_[i] = rows_of(inputs_[i], first, last);
        if (!mask_.empty()) result.mask_ = rows_of(mask_, first, last);
        return result;
    }
    Flat part(const Flat& flat, std::int64_t first, std::int64_t last) const {
        Flat result;
        for (const Block& block : blocks_) {
            const Flat whole(flat.begin() + static_cast<std::ptrdiff_t>(block.offset), flat.begin() + static_cast<std::ptrdiff_t>(block.offset + block.size));
            const Flat kept = block.input ? rows_of(whole, first, last) : whole;
            result.insert(result.end(), kept.begin(), kept.end());
        }
        return result;
    }
    Flat rows_of(const Flat& all, std::int64_t first, std::int64_t last) const {
        const auto row = static_cast<std::ptrdiff_t>(all.size()) / static_cast<std::ptrdiff_t>(batch_);
        return Flat(all.begin() + first * row, all.begin() + last * row);
    }

    const engine::Layer& layer() const { return *layer_; }
    const engine::LayerSpec& spec() const { return spec_; }
    const LayerCase& tested() const { return case_; }
    const std::vector<Block>& blocks() const { return blocks_; }
    const std::vector<Flat>& inputs() const { return inputs_; }
    const std::vector<Flat>& parameters() const { return parameters_; }
    const Flat& mask() const { return mask_; }
    std::int64_t batch() const { return batch_; }
    std::size_t size() const { return total_; }
    std::size_t output_size() const { return static_cast<std::size_t>(batch_) * count_of(layer_->output_shape()); }
    Flat point() const {
        Flat flat;
        for (const Block& block : blocks_) {
            const Flat& values = block.input ? inputs_[block.index] : parameters_[block.index];
            flat.insert(flat.end(), values.begin(), values.end());
        }
        return flat;
    }
    Flat random(std::uint64_t stream) const { return normals(total_, 1000 + stream); }
    Flat random_output(std::uint64_t stream) const { return normals(output_size(), 2000 + stream); }

    Flat value(const Flat& x) {
        Pass pass(*this, x);
        pass.expect_unchanged();
        return pass.output->now();
    }
    Flat output_mask(const Flat& x) {
        Pass pass(*this, x);
        return pass.output_mask->now();
    }

    enum class Parts { all, inputs, weights, apart };   ///< apart: by backward_input and backward_weights
    /// J^T gy, added to `before` (zeros when empty).
    Flat gradient(const Flat& x, const Flat& gy, Parts parts = Parts::all, const Flat& before = {}) {
        Pass pass(*this, x);
        Guarded seed(*lane_, type_, gy);
        Targets targets(*this, before, parts != Parts::weights, parts != Parts::inputs);
        if (parts == Parts::apart) {
            layer_->backward_input(*lane_, pass.frame, seed, targets.gx);
            layer_->backward_weights(*lane_, pass.frame, seed, targets.gw);
        } else {
            layer_->backward(*lane_, pass.frame, seed, targets.gx, targets.gw);
        }
        pass.expect_unchanged();
        seed.expect_unchanged();
        return targets.now();
    }
    /// J tx; only the blocks for which `there` holds are given, the others are empty views.
    Flat tangent(const Flat& x, const Flat& tx, const std::function<bool(const Block&)>& there = everything) {
        Pass pass(*this, x);
        Direction direction(*this, tx, there);
        layer_->forward_tangent(*lane_, pass.frame, direction.tangent);
        pass.expect_unchanged();
        direction.expect_unchanged();
        return direction.output->now();
    }
    Flat weight_tangent(const Flat& x, const Flat& tx, const Flat& before, bool accumulate) {
        Pass pass(*this, x);
        Direction direction(*this, tx, [](const Block& block) { return !block.input; });
        Guarded output(*lane_, type_, before);
        layer_->weight_tangent(*lane_, pass.frame, direction.tangent.parameters, output, accumulate);
        pass.expect_unchanged();
        output.expect_sentinels();
        return output.now();
    }
    /// The tangent of backward, added to `before`.
    Flat gradient_tangent(const Flat& x, const Flat& tx, const Flat& gy, const Flat& tgy, const Flat& before = {},
                          const std::function<bool(const Block&)>& there = everything) {
        Pass pass(*this, x);
        Direction direction(*this, tx, there);
        layer_->forward_tangent(*lane_, pass.frame, direction.tangent);
        Guarded seed(*lane_, type_, gy), seed_tangent(*lane_, type_, tgy);
        Targets targets(*this, before, true, true);
        layer_->backward_tangent(*lane_, pass.frame, direction.tangent, seed, tgy.empty() ? ConstView{} : ConstView(seed_tangent), targets.gx, targets.gw);
        pass.expect_unchanged();
        direction.expect_unchanged();
        seed.expect_unchanged();
        seed_tangent.expect_unchanged();
        return targets.now();
    }
    /// J^T gy of the first input in the memory of gy, as Layer::reuse allows.
    Flat input_gradient_in_place(const Flat& x, const Flat& gy) {
        Pass pass(*this, x);
        Guarded seed(*lane_, type_, gy);
        std::vector<View> gx(inputs_.size());
        engine::Frame frame = pass.frame;
        if (layer_->reuse() == engine::Layer::Reuse::entry_by_entry) {
            gx[0] = seed.view();
            frame.fresh = 1;
            layer_->backward_input(*lane_, frame, seed, gx);
        }
        pass.expect_unchanged();
        seed.expect_sentinels();
        return seed.now();
    }
    /// J^T gy for several gy at once without the inputs, as linear layers allow; [input, seeds, batch].
    Flat input_gradients_of_seeds(const Flat& x, const Flat& gy, std::int64_t seeds) {
        Pass pass(*this, x);
        Guarded seed(*lane_, type_, gy);
        List list;
        std::vector<View> gx(inputs_.size());
        for (const Block& block : blocks_)
            if (block.input) gx[block.index] = list.emplace_back(*lane_, type_, Flat(block.size * static_cast<std::size_t>(seeds), 0)).view();
        engine::Frame many = pass.frame;
        many.batch *= seeds;
        for (ConstView& input : many.inputs) input = {};
        for (ConstView& mask : many.masks) mask = {};
        layer_->backward_input(*lane_, many, seed, gx);
        return result(pass, seed, list);
    }
    /// Of every parameter that has a derivative, [parameter, batch], added to `before`; gy: [seeds, batch, output].
    Flat weight_gradient_norms(const Flat& x, const Flat& gy, std::int64_t seeds, double before) {
        Pass pass(*this, x);
        Guarded seed(*lane_, type_, gy);
        List list;
        std::vector<View> norms(parameters_.size());
        for (const Block& block : blocks_)
            if (!block.input) norms[block.index] = list.emplace_back(*lane_, type_, Flat(static_cast<std::size_t>(batch_), before)).view();
        layer_->weight_gradient_norms(*lane_, pass.frame, seed, seeds, norms);
        return result(pass, seed, list);
    }
    /// Of every parameter that has a derivative, entry by entry.
    Flat weight_gradient_squares(const Flat& x, const Flat& gy, std::int64_t seeds, double before) {
        Pass pass(*this, x);
        Guarded seed(*lane_, type_, gy);
        List list;
        std::vector<View> squares(parameters_.size());
        for (const Block& block : blocks_)
            if (!block.input) squares[block.index] = list.emplace_back(*lane_, type_, Flat(block.size, before)).view();
        layer_->weight_gradient_squares(*lane_, pass.frame, seed, seeds, squares);
        return result(pass, seed, list);
    }

private:
    static bool everything(const Block&) { return true; }
    using List = std::deque<Guarded>;

    /// Arguments on the backend, and forward done.
    struct Pass {
        List inputs, parameters, masks;
        std::unique_ptr<Guarded> output, output_mask;
        std::vector<engine::Buffer> saved;
        engine::Frame frame;
        Flat written;

        Pass(Instance& of, const Flat& x) {
            std::vector<Flat> in = of.inputs_, w = of.parameters_;
            for (const Block& block : of.blocks_) {
                Flat& values = block.input ? in[block.index] : w[block.index];
                std::copy_n(x.begin() + static_cast<std::ptrdiff_t>(block.offset), block.size, values.begin());
            }
            frame.batch = of.batch_;
            for (const Flat& values : in) frame.inputs.push_back(inputs.emplace_back(*of.lane_, of.case_.vocabulary > 0 ? DType::int32 : of.type_, values));
            for (const Flat& values : w) frame.parameters.push_back(parameters.emplace_back(*of.lane_, of.type_, values));
            for (std::size_t i = 0; i < in.size(); ++i) {
                if (of.mask_.empty()) frame.masks.push_back({});
                else frame.masks.push_back(masks.emplace_back(*of.lane_, of.type_, of.mask_));
            }
            output = std::make_unique<Guarded>(*of.lane_, of.type_, Flat(of.output_size(), 55.5));   // to be overwritten
            frame.output = output->view();
            if (of.layer_->makes_mask()) {
                output_mask = std::make_unique<Guarded>(*of.lane_, of.type_, Flat(static_cast<std::size_t>(of.batch_ * of.layer_->output_shape()[0]), 55.5));
                frame.output_mask = output_mask->view();
            }
            frame.saved = &saved;
            of.layer_->forward(*of.lane_, frame);
            written = output->now();
        }
        void expect_unchanged() {
            for (List* list : {&inputs, &parameters, &masks})
                for (Guarded& array : *list) array.expect_unchanged();
            output->expect_sentinels();
            EXPECT_EQ(output->now(), written) << "the primal was written after forward";
            if (output_mask) output_mask->expect_sentinels();
        }
    };

    struct Direction {
        List inputs, parameters;
        std::unique_ptr<Guarded> output;
        std::vector<engine::Buffer> saved;
        engine::Tangent tangent;

        Direction(Instance& of, const Flat& tx, const std::function<bool(const Block&)>& there) {
            tangent.inputs.resize(of.inputs_.size());
            tangent.parameters.resize(of.parameters_.size());
            for (const Block& block : of.blocks_) {
                if (!there(block)) continue;
                const auto first = tx.begin() + static_cast<std::ptrdiff_t>(block.offset);
                List& list = block.input ? inputs : parameters;
                (block.input ? tangent.inputs : tangent.parameters)[block.index] =
                    list.emplace_back(*of.lane_, of.type_, Flat(first, first + static_cast<std::ptrdiff_t>(block.size)));
            }
            output = std::make_unique<Guarded>(*of.lane_, of.type_, Flat(of.output_size(), 55.5));
            tangent.output = output->view();
            tangent.saved = &saved;
        }
        void expect_unchanged() {
            for (List* list : {&inputs, &parameters})
                for (Guarded& array : *list) array.expect_unchanged();
            output->expect_sentinels();
        }
    };

    static Flat result(Pass& pass, Guarded& seed, List& list) {
        pass.expect_unchanged();
        seed.expect_unchanged();
        Flat flat;
        for (Guarded& array : list) {
            array.expect_sentinels();
            const Flat values = array.now();
            flat.insert(flat.end(), values.begin(), values.end());
        }
        return flat;
    }

    /// Where gradients are added.
    struct Targets {
        List list;
        std::vector<View> gx, gw;
        Targets(Instance& of, const Flat& before, bool inputs_too, bool weights_too) : gx(of.inputs_.size()), gw(of.parameters_.size()) {
            for (const Block& block : of.blocks_) {
                Flat values(block.size, 0);
                if (!before.empty()) std::copy_n(before.begin() + static_cast<std::ptrdiff_t>(block.offset), block.size, values.begin());
                Guarded& array = list.emplace_back(*of.lane_, of.type_, values);
                if (block.input ? inputs_too : weights_too) (block.input ? gx : gw)[block.index] = array.view();
            }
        }
        Flat now() {
            Flat flat;
            for (Guarded& array : list) {
                array.expect_sentinels();
                const Flat values = array.now();
                flat.insert(flat.end(), values.begin(), values.end());
            }
            return flat;
        }
    };

    LayerCase case_;
    DType type_;
    std::int64_t batch_;
    std::unique_ptr<engine::Backend> lane_;
    engine::LayerSpec spec_;
    std::unique_ptr<engine::Layer> layer_;
    std::vector<Flat> inputs_, parameters_;
    Flat mask_;
    std::vector<Block> blocks_;
    std::size_t total_ = 0;
};

}  // namespace assay::test
