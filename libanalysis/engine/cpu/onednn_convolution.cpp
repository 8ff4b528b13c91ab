#include "libanalysis/engine/cpu/onednn_convolution.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/parallel.hpp"

#include <oneapi/dnnl/dnnl.hpp>

#include <string_view>

namespace assay::engine::cpu {

using Memory = dnnl::memory;
using Tag = dnnl::memory::format_tag;

namespace {

const dnnl::engine& cpu_engine() {
    static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    return engine;
}

Memory::desc activations(std::int64_t batch, std::int64_t channels, std::int64_t height, std::int64_t width) {
    return {{batch, channels, height, width}, Memory::data_type::f32, Tag::nhwc};
}

Memory::desc weights(const ConvGeometry& g, bool any) {
    const std::int64_t in = g.in_c / g.groups;
    if (g.groups == 1) return {{g.out_c, in, g.kernel_h, g.kernel_w}, Memory::data_type::f32, any ? Tag::any : Tag::hwio};
    return {{g.groups, g.out_c / g.groups, in, g.kernel_h, g.kernel_w}, Memory::data_type::f32, any ? Tag::any : Tag::hwigo};
}

}  // namespace

/// A convolution with its memory objects, and a reorder where it wants its weights in another layout than ours.
struct OneDnnConvolutions::Primitive {
    dnnl::primitive convolution, reorder;
    Memory a, b, bias, out, scratchpad, plain_weights;   // handles are set at every call
    int a_name = 0, b_name = 0, out_name = 0;
    bool usable = false;

    Primitive(const ConvGeometry& g, Kind kind, bool with_bias) {
        try {
            create(g, kind, with_bias);
        } catch (const dnnl::error& error) {
            if (error.status == dnnl_out_of_memory) throw Error(ErrorKind::resource, {"oneDNN", "memory for a convolution", "none left"});
            usable = false;   // not implemented for this geometry: the caller has another way
        }
    }

    void create(const ConvGeometry& g, Kind kind, bool with_bias) {
        const Memory::desc x = activations(g.batch, g.in_c, g.in_h, g.in_w), y = activations(g.batch, g.out_c, g.out_h, g.out_w);
        const Memory::desc w = weights(g, true);
        const Memory::dims strides{g.stride_h, g.stride_w}, dilates{g.dilation_h - 1, g.dilation_w - 1};
        const Memory::dims before{g.pad_top, g.pad_left}, after{g.pad_bottom, g.pad_right};
        const auto algorithm = dnnl::algorithm::convolution_direct;

        dnnl::primitive_attr attributes;
        attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);   // a lane may move from thread to thread
        if (kind == Kind::forward_add) {
            dnnl::post_ops sum;
            sum.append_sum();
            attributes.set_post_ops(sum);
        }
        const dnnl::convolution_forward::desc forward(dnnl::prop_kind::forward_training, algorithm, x, w, y, strides, dilates, before, after);
        dnnl::convolution_forward::primitive_desc hint;
        switch (kind) {
            case Kind::forward:
            case Kind::forward_add: {
                const Memory::desc per_channel({g.out_c}, Memory::data_type::f32, Tag::a);
                const dnnl::convolution_forward::desc biased(dnnl::prop_kind::forward_training, algorithm, x, w, per_channel, y, strides, dilates, before, after);
                const dnnl::convolution_forward::primitive_desc pd(with_bias ? biased : forward, attributes, cpu_engine());
                bias = Memory(per_channel, cpu_engine(), nullptr);
                finish(pd, dnnl::convolution_forward(pd), {x, DNNL_ARG_SRC}, {pd.weights_desc(), DNNL_ARG_WEIGHTS}, {y, DNNL_ARG_DST});
                add_reorder(g, b, false);
                break;
            }
            case Kind::backward_input: {
                hint = {forward, cpu_engine()};
                const dnnl::convolution_backward_data::desc backward(algorithm, x, w, y, strides, dilates, before, after);
                const dnnl::convolution_backward_data::primitive_desc pd(backward, attributes, cpu_engine(), hint);
                finish(pd, dnnl::convolution_backward_data(pd), {y, DNNL_ARG_DIFF_DST}, {pd.weights_desc(), DNNL_ARG_WEIGHTS},
                       {x, DNNL_ARG_DIFF_SRC});
                add_reorder(g, b, false);
                break;
            }
            case Kind::backward_weights: {
                hint = {forward, cpu_engine()};
                const dnnl::convolution_backward_weights::desc backward(algorithm, x, w, y, strides, dilates, before, after);
                const dnnl::convolution_backward_weights::primitive_desc pd(backward, attributes, cpu_engine(), hint);
                finish(pd, dnnl::convolution_backward_weights(pd), {x, DNNL_ARG_SRC}, {y, DNNL_ARG_DIFF_DST},
                       {pd.diff_weights_desc(), DNNL_ARG_DIFF_WEIGHTS});
                add_reorder(g, out, true);
                break;
            }
        }
    }

    struct Operand { Memory::desc desc; int name; };

    template <class PrimitiveDesc>
    void finish(const PrimitiveDesc& pd, dnnl::primitive made, const Operand& first, const Operand& second, const Operand& result) {
        const std::string_view implementation = pd.impl_info_str();
        usable = !implementation.starts_with("ref");
        convolution = std::move(made);
        a = Memory(first.desc, cpu_engine(), nullptr);
        b = Memory(second.desc, cpu_engine(), nullptr);
        out = Memory(result.desc, cpu_engine(), nullptr);
        a_name = first.name;
        b_name = second.name;
        out_name = result.name;
        scratchpad = Memory(pd.scratchpad_desc(), cpu_engine(), nullptr);
    }

    void add_reorder(const ConvGeometry& g, const Memory& preferred, bool to_plain) {
        const Memory::desc plain = weights(g, false);
        if (preferred.get_desc() == plain) return;
        plain_weights = Memory(plain, cpu_engine(), nullptr);
        reorder = to_plain ? dnnl::reorder(preferred, plain_weights) : dnnl::reorder(plain_weights, preferred);
    }
};

OneDnnConvolutions::OneDnnConvolutions() = default;
OneDnnConvolutions::~OneDnnConvolutions() = default;

namespace {

void execute(const dnnl::primitive& primitive, std::initializer_list<dnnl_exec_arg_t> arguments) {
    static thread_local const dnnl::stream stream(cpu_engine());
    const dnnl_status_t status =
        dnnl_primitive_execute(primitive.get(), stream.get(), static_cast<int>(arguments.size()), arguments.begin());
    if (status != dnnl_success) {
        throw Error(ErrorKind::internal, {"oneDNN convolution", "success", "status " + std::to_string(static_cast<int>(status))});
    }
}

}  // namespace

bool OneDnnConvolutions::run(Kind kind, const ConvGeometry& g, const float* a, const float* b, const float* bias, float* out) {
    const SerialLibraries serial;   // a primitive keeps the thread count under which it was created
    std::unique_ptr<Primitive>& slot = primitives_[Key{g, kind, bias != nullptr}];
    if (!slot) slot = std::make_unique<Primitive>(g, kind, bias != nullptr);
    Primitive& p = *slot;
    if (!p.usable) return false;

    p.scratchpad.set_data_handle(scratchpad_.reserve(p.scratchpad.get_desc().get_size()));
    p.a.set_data_handle(const_cast<float*>(a));
    const bool reorders = static_cast<bool>(p.reorder);
    const bool into_weights = kind == Kind::backward_weights;
    if (!reorders || into_weights) p.b.set_data_handle(const_cast<float*>(b));
    if (!reorders || !into_weights) p.out.set_data_handle(out);
    if (reorders) {
        Memory& preferred = into_weights ? p.out : p.b;
        preferred.set_data_handle(weights_.reserve(preferred.get_desc().get_size()));
        p.plain_weights.set_data_handle(into_weights ? out : const_cast<float*>(b));
    }
    if (reorders && !into_weights) execute(p.reorder, {{DNNL_ARG_FROM, p.plain_weights.get()}, {DNNL_ARG_TO, p.b.get()}});
    if (bias) {
        p.bias.set_data_handle(const_cast<float*>(bias));
        execute(p.convolution, {{p.a_name, p.a.get()}, {p.b_name, p.b.get()}, {DNNL_ARG_BIAS, p.bias.get()}, {p.out_name, p.out.get()},
                                {DNNL_ARG_SCRATCHPAD, p.scratchpad.get()}});
    } else {
        execute(p.convolution, {{p.a_name, p.a.get()}, {p.b_name, p.b.get()}, {p.out_name, p.out.get()}, {DNNL_ARG_SCRATCHPAD, p.scratchpad.get()}});
    }
    if (reorders && into_weights) execute(p.reorder, {{DNNL_ARG_FROM, p.out.get()}, {DNNL_ARG_TO, p.plain_weights.get()}});
    return true;
}

}  // namespace assay::engine::cpu
