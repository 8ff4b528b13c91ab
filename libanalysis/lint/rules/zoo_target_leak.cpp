// Hyper-parameters that know the answer.

#include "libanalysis/core/text.hpp"
#include "libanalysis/lint/rule.hpp"

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <set>

namespace assay::lint::rule {
namespace {

// Share of pairs that differ in the target and that the column orders as the target does, or all the other way; ties are half.
struct Order { double share = 0.5; int models = 0; std::size_t values = 0; };
Order order_of(const ZooMaterial& material, const std::string& column, const std::string& metric) {
    std::vector<std::pair<double, double>> points;
    std::set<double> values;
    for (const ZooModel& model : material.models) {
        const auto config = model.config.find(column);
        const auto target = model.metrics.find(metric);
        if (config == model.config.end() || target == model.metrics.end() || !std::isfinite(target->second)) continue;
        const auto value = finite_number_of(config->second);
        if (!value) return {};
        points.emplace_back(*value, target->second);
        values.insert(*value);
        if (points.size() == 2000) break;   // pairs enough
    }
    double right = 0, pairs = 0;
    for (std::size_t i = 0; i < points.size(); ++i)
        for (std::size_t j = 0; j < i; ++j) {
            if (points[i].second == points[j].second) continue;
            ++pairs;
            const double product = (points[i].first - points[j].first) * (points[i].second - points[j].second);
            right += product > 0 ? 1 : product == 0 ? 0.5 : 0;
        }
    return pairs == 0 ? Order{} : Order{right / pairs, static_cast<int>(points.size()), values.size()};
}

void look(const ZooMaterial& material, Report& report) {
    std::set<std::string> columns, metrics;
    for (const ZooModel& model : material.models) {
        for (const auto& [name, value] : model.config) columns.insert(name);
        for (const auto& [name, value] : model.metrics)
            if (name.starts_with("test_") || name.find("gap") != std::string::npos) metrics.insert(name);
    }
    for (const std::string& column : columns)
        for (const std::string& metric : metrics) {
            const Order order = order_of(material, column, metric);
            // A hyper-parameter has few settings; one with a value for nearly every model that also orders them is a result.
            if (order.models < 10 || 2 * order.values < static_cast<std::size_t>(order.models)) continue;
            const double share = std::max(order.share, 1 - order.share);
            if (share > 0.95) {
                report.add("config." + column, fmt::format("orders {} models as metric.{} does in {:.1f} % of the pairs", order.models, metric, 100 * share));
                break;
            }
        }
}

}  // namespace

extern const Rule zoo_target_leak{
    .id = "target-leak",
    .severity = Severity::error,
    .summary = "a config column that orders models as their test metrics do",
    .explanation = "A column declared as a hyper-parameter has a different value for at least half of the models and orders more than 95 % of the pairs as a test metric does: it is a result under the name "
                   "of a setting. Groups and baselines built on it would know the answer.",
    .advice = "Rename it to metric.NAME in metrics.csv.",
    .on_zoo = look,
};

}  // namespace assay::lint::rule
