#include "libanalysis/spectral/spectrum.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/spectral/krylov.hpp"
#include "libanalysis/spectral/probes.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace assay::spectral {
namespace {

template <class T>
class Quadrature {
public:
    Quadrature(const linop::LinearOperator& a, std::span<const linop::Block> blocks, const SpectrumOptions& options)
        : options_(options), blocks_(blocks), n_(a.rows()), steps_(std::min(options.steps, n_)), products_(a, options.poll),
          krylov_(products_, options.threads), block_samples_(blocks.size()) {
        const std::size_t bytes = (steps_ + 1) * n_ * sizeof(T);
        if (bytes > options.memory)
            throw Error(ErrorKind::resource, {"spectral density", std::to_string(bytes) + " bytes for " + std::to_string(steps_ + 1) + " vectors",
                        std::to_string(options.memory) + " bytes", "Give more memory or ask for fewer steps."});
        for (const linop::Block& block : blocks)
            if (block.offset > n_ || block.size > n_ - block.offset)
                throw Error(ErrorKind::internal, {"spectral density, block " + block.name, "a range within " + std::to_string(n_) + " rows",
                            std::to_string(block.offset) + " + " + std::to_string(block.size)});
    }

    Spectrum run() {
        for (std::size_t p = 0; p < options_.probes; ++p) probe(p);
        std::sort(nodes_.begin(), nodes_.end());
        result_.density.probes = options_.probes;
        result_.density.steps = steps_;
        for (const auto& [node, weight] : nodes_) {
            result_.density.nodes.push_back(node);
            result_.density.weights.push_back(weight);
        }
        result_.trace = mean_of(traces_, "hutchinson");
        result_.frobenius = root_of(mean_of(squares_, "hutchinson"));
        for (const std::vector<double>& samples : block_samples_) result_.block_traces.push_back(mean_of(samples, "hutchinson"));
        result_.products = products_.count();
        return std::move(result_);
    }

private:
    void probe(std::size_t p) {
        krylov_.begin(0, [&](std::span<T> z) { rademacher(options_.seed.child("probe").child(p), T{1}, z); });
        krylov_.step([&](std::size_t v, std::size_t product) { measure(v, product); });
        report(p);
        while (krylov_.steps() < steps_ && krylov_.coupling() != 0) {
            krylov_.step();
            report(p);
        }
        const lapack::TridiagonalPairs pairs = krylov_.ritz();
        const std::size_t m = pairs.values.size();
        for (std::size_t i = 0; i < m; ++i) {
            const double first = pairs.vectors[i * m];
            nodes_.emplace_back(pairs.values[i], first * first / static_cast<double>(options_.probes));
        }
        if (p == 0 || pairs.values.back() > result_.largest) {
            result_.largest = pairs.values.back();
            result_.largest_residual = krylov_.residual(pairs, m - 1);
        }
        if (p == 0 || pairs.values.front() < result_.smallest) {
            result_.smallest = pairs.values.front();
            result_.smallest_residual = krylov_.residual(pairs, 0);
        }
        result_.orthogonality = std::max(result_.orthogonality, krylov_.basis().orthogonality(krylov_.vectors()));
    }

    /// The probe z is v over the length of its entries, which are all alike: z'Az and ||Az||^2 from the first product.
    void measure(std::size_t v, std::size_t product) {
        Basis<T>& basis = krylov_.basis();
        const double entry = basis.entry(v, 0), squared = 1 / (entry * entry);
        traces_.push_back(squared * basis.dot(v, basis, product));
        squares_.push_back(squared * basis.dot(product, basis, product));
        for (std::size_t b = 0; b < blocks_.size(); ++b)
            block_samples_[b].push_back(squared * basis.dot(v, basis, product, blocks_[b].offset, blocks_[b].size));
    }

    void report(std::size_t p) const {
        // A probe whose space was exhausted early counts as whole.
        const bool ended = krylov_.coupling() == 0;
        if (options_.progress) options_.progress(p * steps_ + (ended ? steps_ : krylov_.steps()), options_.probes * steps_);
    }

    const SpectrumOptions& options_;
    std::span<const linop::Block> blocks_;
    std::size_t n_, steps_;
    Products products_;
    Krylov<T> krylov_;
    Spectrum result_;
    std::vector<std::pair<double, double>> nodes_;
    std::vector<double> traces_, squares_;
    std::vector<std::vector<double>> block_samples_;
};

}  // namespace

Spectrum spectrum(const linop::LinearOperator& a, std::span<const linop::Block> blocks, const SpectrumOptions& options) {
    require_symmetric(a, 1, "spectral density");
    if (options.probes == 0 || options.steps == 0) throw Error(ErrorKind::usage, {"spectral density", "at least one probe and one step", "none"});
    return a.single_precision() ? Quadrature<float>(a, blocks, options).run() : Quadrature<double>(a, blocks, options).run();
}

}  // namespace assay::spectral
