#pragma once
// The networks of the benchmarks, made in memory with seeded random weights (He et al. 2015 scale), and rows for them: timings need
// shapes, not training, and so no file.

#include "libanalysis/data/dataset.hpp"
#include "libanalysis/model/model.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace assay::bench {

/// "mlp" (784-512-512-10), "lenet" (28 x 28), "resnet20" (32 x 32), "resnet18" (CIFAR stem, 32 x 32), "resnet50" (224 x 224, 1000 classes).
/// @throws Error{usage} naming them.
model::Model make_network(std::string_view name);
std::vector<std::string> network_names();

/// in - widths[0] - ... with the activation between them; the last is the number of classes.
model::Model make_perceptron(std::int64_t in, const std::vector<std::int64_t>& widths, const std::string& activation);

/// `count` rows of normal numbers for the network's input, with labels that go round its classes.
data::Rows random_rows(const model::Model& model, std::int64_t count);

}  // namespace assay::bench
