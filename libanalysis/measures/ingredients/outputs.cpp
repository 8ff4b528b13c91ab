#include "libanalysis/measures/ingredients/outputs.hpp"

#include <cmath>

namespace assay::measures::ingredients {
namespace {

const data::Rows& rows_of(Subject& subject, const std::string& split) {
    const data::Rows* rows = subject.rows(split);
    if (!rows) throw Error(ErrorKind::missing, {"data", split + " rows", "none"});
    return *rows;
}

}  // namespace

Outputs::Value Outputs::compute(Subject& subject, const Key& key) {
    const data::Rows& rows = rows_of(subject, key.split);
    Value outputs = engine::outputs_over(subject.network(), subject.backend(), subject.parameters("final"), rows, subject.context());
    std::int64_t bad = 0;
    for (std::int64_t i = 0; i < outputs.count; ++i) {
        for (const double value : outputs.row(i))
            if (!std::isfinite(value)) {
                ++bad;
                break;
            }
    }
    if (bad > 0)
        throw Error(ErrorKind::data, {"", "", "non-finite outputs for " + std::to_string(bad) + " of " + std::to_string(outputs.count) + " rows"});
    return outputs;
}

Labels::Value Labels::compute(Subject& subject, const Key& key) {
    const data::Rows& rows = rows_of(subject, key.split);
    Value labels;
    if (!rows.split->has_labels()) throw Error(ErrorKind::missing, {"data", key.split + " labels", "none"});
    if (const std::int64_t width = rows.split->target_size(); width > 0) {
        labels.targets.resize(static_cast<std::size_t>(rows.count() * width));
        rows.split->read_targets(rows.indices, labels.targets);
        return labels;
    }
    labels.classes.resize(rows.indices.size());
    rows.split->read_labels(rows.indices, labels.classes);
    const Shape& shape = subject.network().output_shapes().at(0);
    const std::int64_t width = element_count(shape), classes = width == 1 ? 2 : width;
    if (shape.size() > 1 && width != shape.back())
        throw Error(ErrorKind::data, {"network outputs", "one score per class", "outputs of shape " + to_string(shape)});
    for (const std::int64_t label : labels.classes)
        if (label < 0 || label >= classes)
            throw Error(ErrorKind::data, {key.split + " labels", "classes 0 to " + std::to_string(classes - 1) + ", one per output of the network",
                                          std::to_string(label)});
    return labels;
}

}  // namespace assay::measures::ingredients
