#pragma once
// What a Network is made of. For the files that implement its passes or look into its layers, nobody else.

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/network.hpp"
#include "libanalysis/engine/tape.hpp"

#include <utility>

namespace assay::engine {
namespace internal {

inline constexpr std::size_t none = static_cast<std::size_t>(-1);

/// One step of the evaluation: an input of the network, or a layer applied to earlier steps.
struct Step {
    std::string name;
    std::string where;
    std::unique_ptr<Layer> layer;         // null for an input
    std::size_t input = none;             // of the network, where this step is one
    std::vector<std::size_t> sources;     // steps
    std::vector<std::size_t> parameters;  // of the model
    Shape shape;                          // of one row
    std::size_t size = 1;                 // values of one row
    DType type = DType::float32;
    bool alias = false;                   // shares the memory of its source
    bool sole_consumer = false;           // nothing else reads the source, so that their deltas are equal
    std::size_t mask = none;              // the step whose mask lies over this step's output
    bool below_parameters = false;        // a trainable parameter lies here or upstream
    bool below_inputs = false;            // an input with a derivative lies upstream, or is this
    std::vector<std::size_t> last_read;   // sources that nothing reads after this step
};

/// `buffer` with `size` values; keeps what it has when that fits.
inline View ensure(Backend& lane, Buffer& buffer, DType type, std::size_t size) {
    if (buffer.empty() || buffer.size() != size || buffer.type() != type) buffer = lane.allocate(type, size);
    return buffer.view();
}

inline void require(bool good, const char* what, const std::string& expected, const std::string& found) {
    if (!good) throw Error(ErrorKind::internal, {what, expected, found});
}

}  // namespace internal

struct Network::Implementation {
    using Step = internal::Step;
    static constexpr std::size_t none = internal::none;

    std::string path;
    NetworkOptions options;
    ParameterLayout layout;
    std::vector<std::string> parameter_names;
    std::vector<Shape> parameter_shapes;
    std::vector<Step> steps;
    std::vector<std::string> input_names, output_names, node_names;
    std::vector<Shape> input_shapes, output_shapes;
    std::vector<DType> input_types;
    std::vector<std::size_t> input_steps, output_steps;
    std::string folded;
    std::int64_t micro_batch = 1;
    std::size_t forward_bytes = 0, derivative_bytes = 0;
    double madds = 0;

    Implementation(const model::Model& model, NetworkOptions given);

    void lay_out(const model::Model& model);
    std::vector<std::size_t> choose_outputs(const model::Architecture& architecture);
    void add_input(const model::Model& model, const model::Node& node, std::size_t index, Step& step);
    void add_layer(const model::Model& model, const model::Node& node, Step& step);
    void settle_types();
    void settle_masks();
    void settle_derivatives();
    void plan_memory();

    std::vector<ConstView> parameters_of(const Step& step, ConstView flat) const {
        std::vector<ConstView> result;
        for (const std::size_t parameter : step.parameters) {
            const auto& entry = layout.entries[parameter];
            result.push_back(flat.slice(entry.offset, entry.size));
        }
        return result;
    }
    Frame frame(Tape& tape, std::size_t index) const {
        const Step& step = steps[index];
        Frame result;
        result.batch = tape.batch();
        for (const std::size_t source : step.sources) {
            result.inputs.push_back(tape.values_[source].const_view());
            result.masks.push_back(steps[source].mask == none ? ConstView{} : tape.masks_[steps[source].mask].const_view());
        }
        result.parameters = parameters_of(step, tape.parameters_);
        result.output = tape.values_[index].view();
        if (!tape.masks_[index].empty()) result.output_mask = tape.masks_[index].view();
        result.saved = &tape.saved_[index];
        return result;
    }
    /// The parts of a flat gradient that belong to a step's parameters; empty for constants.
    std::vector<View> gradients(const Step& step, View gradient) const {
        std::vector<View> result;
        for (const std::size_t parameter : step.parameters) {
            const auto& entry = layout.entries[parameter];
            result.push_back(gradient.empty() || !entry.trainable ? View{} : gradient.slice(entry.offset, entry.size));
        }
        return result;
    }
    /// The parts of a direction that belong to a step's parameters; empty for constants.
    std::vector<ConstView> directions(const Step& step, ConstView direction) const {
        std::vector<ConstView> result;
        for (const std::size_t parameter : step.parameters) {
            const auto& entry = layout.entries[parameter];
            result.push_back(direction.empty() || !entry.trainable ? ConstView{} : direction.slice(entry.offset, entry.size));
        }
        return result;
    }
    Tangent tangent(const Step& step, const std::vector<Buffer>& tangents, ConstView direction) const {
        Tangent result;
        for (const std::size_t source : step.sources) result.inputs.push_back(tangents[source].const_view());
        result.parameters = directions(step, direction);
        return result;
    }
    bool wants_delta(const Step& step, bool inputs_too) const { return step.below_parameters || (inputs_too && step.below_inputs); }
};

}  // namespace assay::engine
