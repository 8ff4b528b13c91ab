#pragma once
// Curvature of a network's objective at its weights, as symmetric operators on the trainable parameters (flat, in the order of
// ParameterLayout). One file for each kind; each says its product's cost in units of one forward pass, on a cached primal.

#include "libanalysis/engine/primal.hpp"
#include "libanalysis/linop/block.hpp"
#include "libanalysis/linop/linear_operator.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace assay::linop {

class CurvatureOperator : public LinearOperator {
public:
    std::size_t rows() const final { return primal_.size(); }
    std::size_t cols() const final { return primal_.size(); }
    bool symmetric() const final { return true; }
    bool single_precision() const final;
    void apply(std::span<const double> x, std::span<double> y) const final;
    void apply(std::span<const float> x, std::span<float> y) const final;
    void apply_transpose(std::span<const double> x, std::span<double> y) const final { apply(x, y); }
    engine::Backend* device() const final { return primal_.backend().on_host() ? nullptr : &primal_.backend(); }
    void apply_on_device(engine::ConstView x, engine::View y) const final;
    const engine::Primal& primal() const { return primal_; }

protected:
    explicit CurvatureOperator(const engine::Primal& primal) : primal_(primal) {}
    virtual engine::Primal::Part part() const = 0;   ///< what of the primal the product reads
    /// Adds a micro-batch's part of the product (summed over its rows, without the regulariser) to `vector`.
    virtual void add(const engine::Primal::Item& item, engine::ConstView direction, engine::View vector) const = 0;
    /// The product with a direction on the device: mean over the rows, in `type` on the device, without the regulariser.
    virtual engine::Buffer product(engine::ConstView direction, engine::DType type) const;
    virtual bool regularised() const { return false; }   ///< the regulariser's second derivative belongs to it

private:
    const engine::Primal& primal_;
};

/// A kind of curvature: a constant in its own file, a row in curvature_operators.def.
struct CurvatureKind {
    std::string_view name;       ///< "ggn"
    std::string_view words;      ///< "Gauss-Newton matrix"
    std::string_view formula;    ///< LaTeX
    bool semidefinite;           ///< no negative eigenvalues (without a regulariser), for losses that are convex in the outputs
    /// `primal` must outlive the operator. @throws Error{unsupported} where the loss has no such operator.
    std::unique_ptr<CurvatureOperator> (*make)(const engine::Primal& primal);
};
std::span<const CurvatureKind* const> curvature_kinds();
/// @throws Error{usage} naming the kinds there are.
const CurvatureKind& find_curvature_kind(std::string_view name);

/// The trainable parameters as blocks: one for each tensor, or one for each layer (tensors of a layer that lie together).
std::vector<Block> parameter_blocks(const model::Model& model, const engine::Network& network, bool by_layer);

}  // namespace assay::linop
