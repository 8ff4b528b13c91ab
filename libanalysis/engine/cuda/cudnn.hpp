#pragma once
// Convolutions in float32 by cuDNN, where it is there and, on a shape's first call, has given what products over unrolled windows give.
// What it is not used for, and why, is kept for notes() of cuda.hpp.

#include "libanalysis/engine/backend.hpp"
#include "libanalysis/engine/cuda/cudnn_library.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace assay::engine::cuda {

class Lane;

class Cudnn {
public:
    enum class Pass : std::uint8_t { forward, backward_input, backward_weights };
    /// How far cuDNN may be from the unrolled windows, as a whole: |difference| <= agreement |result|, both Euclidean. Sums of products in
    /// float32 stay well within it, and factors rounded to TF32 do not; with --tf32 they may.
    static constexpr double agreement = 3e-5, agreement_tf32 = 3e-3;

    explicit Cudnn(const Lane& lane);   ///< loads nothing yet
    ~Cudnn();
    Cudnn(const Cudnn&) = delete;
    Cudnn& operator=(const Cudnn&) = delete;

    /// result (+)= the pass of `g` over a and b (x and w; gy and w; x and gy). False where cuDNN is not to be used for this shape: then
    /// nothing was done. `unrolled` computes the same without it, into the view it is given; it is called until the shape has been judged.
    /// @throws only what the device itself fails with: an error of the library is a verdict.
    bool run(Backend& backend, Lane& lane, Pass pass, const ConvGeometry& g, ConstView a, ConstView b, View result, bool accumulate,
             const std::function<void(View)>& unrolled);

private:
    struct Plan;
    void start(const Lane& lane);
    Plan& plan_for(const Lane& lane, Pass pass, const ConvGeometry& g);
    void choose_algorithm(Plan& plan, Pass pass) const;
    void compute(Backend& backend, Lane& lane, const Plan& plan, Pass pass, ConstView a, ConstView b, View result) const;
    bool agree(Backend& backend, ConstView expected, ConstView found) const;

    const dnn::Library* library_ = nullptr;
    dnn::Context* handle_ = nullptr;
    bool started_ = false;
    bool tf32_;
    int device_;
    std::size_t most_workspace_;
    std::map<std::pair<Pass, ConvGeometry>, std::unique_ptr<Plan>> plans_;   ///< null: not for this shape
};

}  // namespace assay::engine::cuda
