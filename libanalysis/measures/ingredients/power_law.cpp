#include "libanalysis/measures/ingredients/power_law.hpp"

#include <algorithm>

namespace assay::measures::ingredients {

PowerLaw::Value PowerLaw::compute(Subject& subject, const Key& key) {
    const std::vector<double>& values = subject.get<LayerEigenvalues>(key).ascending;
    spectral::PowerLawRule rule;
    if (key.convention == "weightwatcher")
        rule = spectral::PowerLawRule::weightwatcher(static_cast<std::size_t>(
            std::count_if(values.begin(), values.end(), [](double value) { return value > spectral::PowerLawRule::weightwatcher_cut; })));
    const Context& context = subject.context();
    rule.poll = [&context] { context.check_stop(); };
    try {
        return spectral::fit_power_law(values, rule);
    } catch (const Error& error) {
        if (is_circumstance(error)) throw;
        throw Error(error.kind(), {"layer " + subject.model().parameters.at(key.parameter).layer, error.parts().expected + " for a power law", error.parts().found});
    }
}

}  // namespace assay::measures::ingredients
