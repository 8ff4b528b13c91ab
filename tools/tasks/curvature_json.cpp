#include "tools/tasks/curvature_json.hpp"

#include "libanalysis/curvature/outliers.hpp"

#include <cmath>
#include <optional>

namespace assay::tools {
namespace {

Json numbers(std::span<const double> values) {
    Json array = Json::array();
    for (const double x : values) array.push_back(number_to_json(x));
    return array;
}

Json estimate_to_json(const spectral::Estimate& estimate) {
    return {{"value", number_to_json(estimate.value)}, {"standard_error", number_to_json(estimate.standard_error)}, {"method", estimate.method},
            {"products", estimate.products}};
}

Json pair_to_json(const spectral::Eigenpair& pair) {
    return {{"value", number_to_json(pair.value)}, {"residual", number_to_json(pair.residual)},
            {"true_residual", pair.true_residual < 0 ? Json() : number_to_json(pair.true_residual)}, {"converged", pair.converged}};
}

void add_end(Json& list, const std::vector<spectral::Eigenpair>& pairs, std::string_view end, std::size_t outliers) {
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        Json pair = pair_to_json(pairs[i]);
        pair["end"] = end;
        pair["outlier"] = i < outliers;
        list.push_back(std::move(pair));
    }
}

Json density_to_json(const spectral::Spectrum& spectrum, const spectral::SmoothDensity& curve) {
    const spectral::Density& density = spectrum.density;
    std::vector<double> cumulative;
    double sum = 0;
    for (const double weight : density.weights) cumulative.push_back(sum += weight);
    return {{"nodes", numbers(density.nodes)}, {"weights", numbers(density.weights)}, {"cumulative", numbers(cumulative)}, {"probes", density.probes},
            {"steps", density.steps}, {"products", spectrum.products}, {"largest", number_to_json(spectrum.largest)},
            {"smallest", number_to_json(spectrum.smallest)},
            {"smooth", {{"kernel", "gaussian"}, {"sigma", number_to_json(curve.sigma)}, {"grid", numbers(curve.grid)}, {"values", numbers(curve.values)}}}};
}

Json halves_to_json(const curvature::Result& result) {
    if (result.halves.size() != 2) return {};
    Json list = Json::array();
    for (const curvature::Half& half : result.halves) {
        Json largest = pair_to_json(half.largest);
        list.push_back({{"rows", half.rows}, {"largest", std::move(largest)}, {"trace", half.trace ? estimate_to_json(*half.trace) : Json()}});
    }
    // Half the rows scatter with sqrt(2) times the deviation of the whole sample, two halves differ by sqrt(2) times that: half their
    // difference is what the whole sample's deviation is expected to be.
    const auto effect = [](double a, double b) { return number_to_json(std::abs(a - b) / 2); };
    Json json{{"halves", std::move(list)}, {"largest_deviation", effect(result.halves[0].largest.value, result.halves[1].largest.value)}};
    json["trace_deviation"] = result.halves[0].trace ? effect(result.halves[0].trace->value, result.halves[1].trace->value) : Json();
    return json;
}

Json layers_to_json(const std::vector<curvature::Layer>& layers) {
    Json list = Json::array();
    for (const curvature::Layer& layer : layers) {
        Json row{{"name", layer.block.name}, {"parameters", layer.block.size}};
        row["trace"] = estimate_to_json(layer.trace);
        row["largest"] = layer.largest ? pair_to_json(*layer.largest) : Json();
        list.push_back(std::move(row));
    }
    return list;
}

}  // namespace

Json curvature_to_json(const curvature::Result& result, const curvature::Options& options, std::size_t parameters) {
    const spectral::Eigenvalues& found = result.eigenvalues;
    Json eigenvalues = Json::array();
    std::optional<spectral::SmoothDensity> curve;
    if (result.spectrum) curve = spectral::smooth(result.spectrum->density);
    const curvature::Outliers outliers = curvature::outliers_of(found, curve ? &*curve : nullptr, parameters);
    add_end(eigenvalues, found.largest, "largest", outliers.largest);
    add_end(eigenvalues, found.smallest, "smallest", outliers.smallest);
    Json json{{"loss", number_to_json(result.loss)}, {"gradient_norm", number_to_json(result.gradient_norm)}, {"eigenvalues", std::move(eigenvalues)}};
    json["converged"] = found.converged;
    json["tolerance"] = options.tolerance;
    json["solver"] = found.solver;
    json["products"] = result.products;
    json["search"] = {{"products", found.products}, {"verification_products", found.verification_products}, {"restarts", found.restarts}, {"basis", found.basis},
                      {"orthogonality", number_to_json(found.orthogonality)}};
    json["trace"] = Json();
    if (result.trace) {
        json["trace"] = estimate_to_json(result.trace->estimate);
        json["trace"]["reason"] = result.trace->reason;
    }
    json["density"] = result.spectrum ? density_to_json(*result.spectrum, *curve) : Json();
    json["bulk"] = outliers.bulk ? Json{{"low", number_to_json(outliers.bulk->low)}, {"high", number_to_json(outliers.bulk->high)}} : Json();
    json["frobenius"] = result.spectrum ? estimate_to_json(result.spectrum->frobenius) : Json();
    json["layers"] = options.by_layer ? layers_to_json(result.layers) : Json();
    json["halves"] = halves_to_json(result);
    json["kinks"] = Json();
    if (const auto& kinks = result.kinks) json["kinks"] = {{"delta", kinks->delta}, {"share", kinks->share}, {"near", kinks->near}, {"total", kinks->total}};
    json["seconds"] = {{"gradient", result.gradient_seconds}, {"product", result.product_seconds}, {"first_product", result.first_product_seconds},
                       {"solver_overhead", found.overhead_seconds}, {"total", result.total_seconds}};
    json["cache"] = {{"batches", result.cache.batches}, {"cached", result.cache.whole}, {"values_only", result.cache.values}, {"bytes", result.cache.bytes},
                     {"wanted_bytes", result.cache.wanted}};
    return json;
}

}  // namespace assay::tools
