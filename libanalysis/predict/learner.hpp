#pragma once
// A way to fit a number to features. One file, one row in learners.def, one test.

#include "libanalysis/core/json.hpp"
#include "libanalysis/core/seed.hpp"
#include "libanalysis/predict/matrix.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace assay::predict {

class Fitted {
public:
    virtual ~Fitted() = default;
    virtual double predict(std::span<const double> features) const = 0;   ///< raw features, in the order of the columns
    /// The same of many rows, which is quicker where a call has its price.
    virtual std::vector<double> predict_rows(const Matrix& x, std::span<const std::size_t> rows) const;
    /// What each feature adds to base() in this prediction: they sum to predict() (Shapley values: Lundberg & Lee 2017). Empty where the
    /// method has none.
    virtual std::vector<double> contributions(std::span<const double> features) const = 0;
    virtual double base() const = 0;
    virtual Json to_json() const = 0;   ///< all that load() needs
};

struct Learner {
    std::string_view name;      ///< "ridge": command line, predictor files
    std::string_view summary;
    /// What tuning chooses from, the simplest last: of equally good ones the last is taken.
    std::vector<Json> (*settings)() = nullptr;
    /// One fit for each setting, to the given rows alone.
    std::vector<std::unique_ptr<Fitted>> (*fit)(const Matrix& x, std::span<const double> y, std::span<const std::size_t> rows,
                                                std::span<const Json> settings, Seed seed) = nullptr;
    /// @throws Error{format}, or what reading JSON throws.
    std::unique_ptr<Fitted> (*load)(const Json& json, std::size_t features) = nullptr;
};

std::span<const Learner* const> learners();
/// @throws Error{usage} naming the learners there are.
const Learner& learner(std::string_view name);

/// "lambda 0.01, depth 3"
std::string in_words(const Json& setting);

}  // namespace assay::predict
