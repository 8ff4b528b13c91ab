#include "libanalysis/core/error.hpp"
#include "libanalysis/data/dataset.hpp"

#include <cstdio>

namespace assay::data {
namespace {

std::string short_number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%g", value);
    return text;
}

std::string list(const std::vector<double>& values) {
    std::string text = "[";
    for (std::size_t i = 0; i < values.size(); ++i) text += (i ? ", " : "") + short_number(values[i]);
    return text + "]";
}

void check(const std::vector<double>& per_channel, const char* name, std::int64_t channels) {
    if (!per_channel.empty() && static_cast<std::int64_t>(per_channel.size()) != channels)
        throw Error(ErrorKind::data, {std::string("preprocessing ") + name, std::to_string(channels) + " values, one a channel", std::to_string(per_channel.size())});
}

// Arithmetic in double, rounded once: the same as a program that scales in double and then converts.
template <class T>
void apply_to(const Preprocessing& step, std::span<T> values, std::int64_t channels) {
    check(step.mean, "mean", channels);
    check(step.deviation, "deviation", channels);
    const bool by_channel = !step.mean.empty() || !step.deviation.empty();
    if (!by_channel) {
        if (step.scale == 1.0 && step.offset == 0.0) return;
        for (T& value : values) value = static_cast<T>(static_cast<double>(value) * step.scale + step.offset);
        return;
    }
    const auto period = static_cast<std::size_t>(channels);
    for (std::size_t i = 0; i < values.size(); ++i) {
        double value = static_cast<double>(values[i]) * step.scale + step.offset;
        if (!step.mean.empty()) value -= step.mean[i % period];
        if (!step.deviation.empty()) value /= step.deviation[i % period];
        values[i] = static_cast<T>(value);
    }
}

}  // namespace

std::string Preprocessing::describe() const {
    std::string text = "x * " + short_number(scale);
    if (offset != 0) text += (offset < 0 ? " - " : " + ") + short_number(offset < 0 ? -offset : offset);
    if (!mean.empty()) text = "(" + text + " - " + list(mean) + ")";
    else if (!deviation.empty()) text = "(" + text + ")";
    if (!deviation.empty()) text += " / " + list(deviation);
    return declared ? text : "none declared: " + text;
}

void Preprocessing::apply(std::span<float> values, std::int64_t channels) const { apply_to(*this, values, channels); }
void Preprocessing::apply(std::span<double> values, std::int64_t channels) const { apply_to(*this, values, channels); }

}  // namespace assay::data
