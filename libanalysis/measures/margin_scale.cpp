#include "libanalysis/measures/margin_scale.hpp"

#include "libanalysis/measures/ingredients/margins.hpp"

#include <fmt/format.h>

#include <cmath>

namespace assay::measures {

double log_inverse_squared_margin(Subject& subject, std::string_view convention) {
    const std::vector<double>& margins = subject.get<ingredients::Margins>({"train"});
    const double gamma = convention == "dziugaite" ? ingredients::kth_quantile(margins, 0.1) : ingredients::interpolated_quantile(margins, 0.1);
    if (gamma == 0 || (convention != "dziugaite" && gamma < 0))
        throw Error(ErrorKind::data, {"10 % margin quantile", "a positive margin", fmt::format("{:g}", gamma)});
    return -2 * std::log(std::abs(gamma));
}

}  // namespace assay::measures
