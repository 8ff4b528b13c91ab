#include "libanalysis/measures/eigenvalue_sums.hpp"

#include <algorithm>
#include <cmath>

namespace assay::measures {

double positive_sum(std::span<const double> eigenvalues) {
    double sum = 0;
    for (const double value : eigenvalues) sum += value;
    if (!(sum > 0)) throw Error(ErrorKind::data, {"eigenvalues", "a weight that is not zero", "zeros only"});
    return sum;
}

double log_alpha_norm_of(std::span<const double> eigenvalues, double alpha) {
    positive_sum(eigenvalues);
    const double top = *std::max_element(eigenvalues.begin(), eigenvalues.end());
    double sum = 0;
    for (const double value : eigenvalues) sum += std::pow(value / top, alpha);
    return alpha * std::log10(top) + std::log10(sum);
}

double spectral_entropy_of(const ingredients::LayerEigenvalues::Value& eigenvalues, double offset) {
    if (eigenvalues.rank < 2) throw Error(ErrorKind::data, {"entropy of the eigenvalues", "a rank of at least 2", std::to_string(eigenvalues.rank)});
    const double sum = positive_sum(eigenvalues.ascending);
    double entropy = 0;
    for (const double value : eigenvalues.ascending) {
        const double p = value / sum + offset;
        if (p > 0) entropy -= p * std::log(p);
    }
    return entropy / std::log(static_cast<double>(eigenvalues.rank));
}

double stable_rank_of(std::span<const double> eigenvalues) {
    const double sum = positive_sum(eigenvalues);
    return sum / *std::max_element(eigenvalues.begin(), eigenvalues.end());
}

}  // namespace assay::measures
