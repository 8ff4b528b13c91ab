#include "libanalysis/linop/empirical_fisher.hpp"

namespace assay::linop::kinds {

extern const CurvatureKind ef_kind{
    .name = "ef", .words = "empirical Fisher matrix", .formula = R"(\frac{1}{N} \sum_n g_n g_n^\top)", .semidefinite = true,
    .make = [](const engine::Primal& primal) -> std::unique_ptr<CurvatureOperator> { return std::make_unique<EmpiricalFisherOperator>(primal); }};

}  // namespace assay::linop::kinds
