#pragma once
// Whether a weight matrix looks like random numbers that nobody trained, and like those of which initialiser.

#include "libanalysis/measures/subject.hpp"

#include <string>
#include <string_view>

namespace assay::measures {

/// Moments of all entries of a tensor.
struct WeightStatistics {
    std::size_t count = 0;
    double mean = 0, variance = 0, mean_square = 0;   ///< variance about the mean, by count
    double kurtosis = 0;                              ///< fourth central moment over the squared variance; NaN where all entries are equal
};
WeightStatistics statistics_of(const model::Tensor& tensor);

/// Inputs and outputs of a unit, as initialisers count them: the kernel's places times channels.
struct Fans { double in = 0, out = 0; };
Fans fans_of(const Shape& kernel);

/// Singular values of [all leading axes, out] against those of independent entries of the same mean square.
struct Randomness {
    double edge_ratio = 0;    ///< largest over deviation (sqrt rows + sqrt cols)
    double above = 0;         ///< share of singular values above 1.02 of that edge
    double distance = 0;      ///< Kolmogorov's, of the eigenvalues from the law of Marchenko and Pastur
    double spread = 0;        ///< largest over smallest singular value
    std::size_t rows = 0, cols = 0;   ///< rows >= cols
};
/// @throws Error{data} for non-finite weights and zeros only.
Randomness randomness_of(Subject& subject, std::size_t parameter);

enum class State {
    untouched,   ///< like random numbers, with the shape and the variance of a usual initialiser
    random,      ///< like random numbers of another variance
    trained,
    too_small,   ///< a side below 8: no statement
};
std::string_view to_string(State state);

struct InitialState {
    WeightStatistics statistics;
    Fans fans;
    Randomness randomness;
    std::string distribution;   ///< normal, uniform, cut normal (at two deviations), orthogonal, or "" where none is near
    std::string scheme;         ///< He, Glorot, LeCun, PyTorch (uniform with a third of LeCun's variance), or "" where none is near
    /// Like random numbers: the distribution is an initialiser's, and the singular values are within what 999 of 1000 random matrices of the
    /// size have (the edge by Tracy and Widom's law, the distance by simulation). What training moved little passes.
    State state = State::trained;
    std::string initialiser() const;   ///< "He normal"; "" unless untouched
};
/// @throws as randomness_of.
InitialState initial_state_of(Subject& subject, std::size_t parameter);

}  // namespace assay::measures
