#include "libanalysis/evaluate/design.hpp"

#include <algorithm>
#include <cctype>
#include <map>

namespace assay::evaluate {
namespace {

// Numbers rows by their settings of all axes but one, in the order in which they first occur.
std::vector<int> numbered(const std::vector<Axis>& axes, std::size_t models, std::size_t skip) {
    std::map<std::vector<int>, int> seen;
    std::vector<int> number(models, -1);
    for (std::size_t model = 0; model < models; ++model) {
        std::vector<int> key;
        for (std::size_t a = 0; a < axes.size(); ++a)
            if (a != skip) key.push_back(axes[a].level[model]);
        if (std::find(key.begin(), key.end(), -1) == key.end()) number[model] = seen.emplace(key, static_cast<int>(seen.size())).first->second;
    }
    return number;
}

bool is_seed(std::string name) {
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return name.ends_with("seed");
}

}  // namespace

Design::Design(std::span<const Factor> factors) {
    std::size_t models = 0;
    for (const Factor& factor : factors) {
        models = std::max(models, factor.values.size());
        if (is_seed(factor.name)) {
            repeats_.push_back(factor.name);
            continue;
        }
        axes_.push_back({factor.name, levels(factor), level_of_model(factor), {}});
    }
    for (std::size_t a = 0; a < axes_.size(); ++a) axes_[a].context = numbered(axes_, models, a);
    configuration_ = numbered(axes_, models, axes_.size());
}

std::string Design::words(std::size_t model, std::size_t skip) const {
    std::string text;
    for (std::size_t a = 0; a < axes_.size(); ++a) {
        if (a == skip || axes_[a].level[model] < 0) continue;
        text += (text.empty() ? "" : ", ") + axes_[a].name + "=" + axes_[a].levels[static_cast<std::size_t>(axes_[a].level[model])];
    }
    return text;
}

}  // namespace assay::evaluate
