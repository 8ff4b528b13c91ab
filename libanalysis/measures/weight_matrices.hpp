#pragma once
// Which parameters are weight matrices, and how each is read as one: kernels [.., out] as [all leading axes, out]. A depthwise kernel
// [.., channels, units of a channel] is [leading axes, channels units], of which the units of each channel are a matrix of their own. A
// transposed convolution's kernel [.., out, in] is read as that of the convolution which it is the transpose of.

#include "libanalysis/linop/matrix_operator.hpp"
#include "libanalysis/model/model.hpp"

#include <string>
#include <vector>

namespace assay::measures {

struct WeightMatrix {
    std::size_t parameter = 0;   ///< index into Model::parameters
    std::string label;           ///< the layer's name, or the parameter's where a layer has several matrices
    std::size_t rows = 0, cols = 0;
    bool convolution = false;    ///< the kernel has more than two axes
    std::size_t blocks = 1;      ///< side by side, each of cols / blocks columns, and zero elsewhere: the channels of a depthwise kernel
};

/// Kernels (of any kind: recurrent, depthwise, ...) and embeddings with two or more axes, in model order. Biases and the parameters of
/// normalisation layers are not weight matrices.
/// @throws Error{missing} when there are none.
std::vector<WeightMatrix> weight_matrices(const model::Model& model);

/// The one of `parameter`. @throws Error{internal} where it is none
WeightMatrix weight_matrix(const model::Model& model, std::size_t parameter);

linop::MatrixView values_of(const model::Tensor& tensor);
std::vector<double> block_of(linop::MatrixView values, const WeightMatrix& matrix, std::size_t block);   ///< [rows, cols / blocks]

double squared_sum(const model::Tensor& tensor);                                   ///< in double
double squared_distance(const model::Tensor& a, const model::Tensor& b);           ///< in double; same shapes

/// @throws Error{data} "layer x: finite weights expected" for the first tensor among `matrices` that has a NaN or infinity.
void require_finite(const model::Model& model, const model::Tensor& tensor, std::size_t parameter);

}  // namespace assay::measures
