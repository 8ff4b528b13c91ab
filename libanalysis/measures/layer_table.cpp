#include "libanalysis/measures/layer_table.hpp"

#include "libanalysis/measures/eigenvalue_sums.hpp"
#include "libanalysis/measures/ingredients/power_law.hpp"
#include "libanalysis/measures/ingredients/weightwatcher_bulk.hpp"
#include "libanalysis/measures/initial_state.hpp"
#include "libanalysis/measures/weight_matrices.hpp"
#include "libanalysis/measures/weightwatcher.hpp"

#include <algorithm>
#include <cmath>

namespace assay::measures {
namespace {

constexpr std::string_view columns[] = {
    "layer_id", "name", "longname", "class", "N", "M", "rf", "Q", "num_evals", "alpha", "alpha_weighted", "xmin", "xmax", "D", "sigma", "num_pl_spikes",
    "log_alpha_norm", "log_norm", "log_spectral_norm", "spectral_norm", "norm", "stable_rank", "entropy", "matrix_rank", "rank_loss",
    "weak_rank_loss", "sv_max", "sv_min", "num_spikes", "mp_softrank", "sigma_mp", "warning", "edge_ratio", "above_edge", "mp_distance", "kurtosis", "he_gain",
    "glorot_gain", "lecun_gain", "state", "initialiser", "reason"};

/// Runs a part of a row; its error is the row's reason unless there is one already.
template <class F>
void fill(Json& row, F part) {
    try {
        part();
    } catch (const Error& error) {
        if (is_circumstance(error)) throw;
        if (row["reason"].is_null()) row["reason"] = error.what();
    }
}

void set(Json& row, std::string_view key, double value) { row[std::string(key)] = number_to_json(value); }

void add_eigenvalues(Subject& subject, std::size_t parameter, Json& row) {
    constexpr double weak = 1e-6;
    const auto& found = subject.get<ingredients::LayerEigenvalues>({"weightwatcher", parameter});
    const double norm = positive_sum(found.ascending), top = found.largest();
    set(row, "spectral_norm", top);
    set(row, "norm", norm);
    set(row, "log_norm", std::log10(norm));
    set(row, "log_spectral_norm", std::log10(top));
    set(row, "sv_max", std::sqrt(top));
    set(row, "sv_min", std::sqrt(found.smallest));
    set(row, "stable_rank", stable_rank_of(found.ascending));
    row["matrix_rank"] = found.rank;
    row["rank_loss"] = found.rank_loss;
    row["weak_rank_loss"] = std::count_if(found.ascending.begin(), found.ascending.end(), [](double value) { return value < weak; });
    set(row, "entropy", spectral_entropy_of(found, 1e-10));
}

void add_power_law(Subject& subject, std::size_t parameter, Json& row) {
    const auto& found = subject.get<ingredients::LayerEigenvalues>({"weightwatcher", parameter});
    const auto& fit = subject.get<ingredients::PowerLaw>({"weightwatcher", parameter});
    set(row, "alpha", fit.alpha);
    set(row, "alpha_weighted", fit.alpha * std::log10(found.largest()));
    set(row, "xmin", fit.xmin);
    set(row, "xmax", found.largest());
    set(row, "D", fit.distance);
    set(row, "sigma", fit.standard_error);
    row["num_pl_spikes"] = fit.tail;
    set(row, "log_alpha_norm", log_alpha_norm_of(found.ascending, fit.alpha));
    row["warning"] = fit.alpha < 2 ? "over-trained" : fit.alpha > 6 ? "under-trained" : "";
}

void add_bulk(Subject& subject, std::size_t parameter, Json& row) {
    const auto& bulk = subject.get<ingredients::WeightWatcherBulk>({parameter});
    row["num_spikes"] = bulk.spikes;
    set(row, "mp_softrank", bulk.soft_rank);
    set(row, "sigma_mp", bulk.sigma);
}

void add_initial_state(Subject& subject, std::size_t parameter, Json& row) {
    const InitialState state = initial_state_of(subject, parameter);
    set(row, "edge_ratio", state.randomness.edge_ratio);
    set(row, "above_edge", state.randomness.above);
    set(row, "mp_distance", state.randomness.distance);
    set(row, "kurtosis", state.statistics.kurtosis);
    set(row, "he_gain", state.statistics.variance * state.fans.in / 2);
    set(row, "glorot_gain", state.statistics.variance * (state.fans.in + state.fans.out) / 2);
    set(row, "lecun_gain", state.statistics.variance * state.fans.in);
    row["state"] = to_string(state.state);
    row["initialiser"] = state.initialiser();
}

}  // namespace

std::span<const std::string_view> layer_columns() { return columns; }

Json layer_table(Subject& subject) {
    engine::make_thread_serial();
    Json rows = Json::array();
    for (const WeightMatrix& matrix : weight_matrices(subject.model())) {
        const std::size_t parameter = matrix.parameter;
        Json row = Json::object();
        for (const std::string_view column : columns) row[std::string(column)] = nullptr;
        row["layer_id"] = rows.size() + 1;
        row["name"] = matrix.label;
        row["longname"] = subject.model().parameters[parameter].layer;
        row["class"] = subject.model().parameters[parameter].layer_class;
        const auto slices = weightwatcher::slices_of(subject.model(), parameter);
        if (slices) {
            row["N"] = slices->rows;
            row["M"] = slices->cols;
            row["rf"] = slices->count;
            set(row, "Q", static_cast<double>(slices->rows) / static_cast<double>(slices->cols));
            row["num_evals"] = slices->eigenvalues();
        }
        const std::string left_out = weightwatcher::left_out(slices);
        if (left_out.empty()) {
            fill(row, [&] { add_eigenvalues(subject, parameter, row); });
            fill(row, [&] { add_power_law(subject, parameter, row); });
            fill(row, [&] { add_bulk(subject, parameter, row); });
        } else {
            row["reason"] = left_out;
        }
        fill(row, [&] { add_initial_state(subject, parameter, row); });
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace assay::measures
