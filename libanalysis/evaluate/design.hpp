#pragma once
// The hyper-parameters of a zoo as a design: every model's setting of every axis as a number, and which models differ in what.

#include "libanalysis/evaluate/frame.hpp"

#include <span>
#include <string>
#include <vector>

namespace assay::evaluate {

struct Axis {
    std::string name;                  ///< the factor's
    std::vector<std::string> levels;   ///< its settings in their natural order
    std::vector<int> level;            ///< of every model; -1 where it is not known
    std::vector<int> context;          ///< of every model: equal numbers have equal settings of all other axes; -1 where one is unknown
};

class Design {
public:
    Design() = default;
    /// Factors whose name ends in "seed" are no axes: another seed is a repeat, not another setting.
    explicit Design(std::span<const Factor> factors);
    /// The factors that were left out as such.
    const std::vector<std::string>& repeats() const { return repeats_; }
    const std::vector<Axis>& axes() const { return axes_; }
    /// Of every model: equal numbers have equal settings of all axes; -1 where one is not known.
    const std::vector<int>& configuration() const { return configuration_; }
    /// "depth=3, width=8" of a model; without the axis `skip`.
    std::string words(std::size_t model, std::size_t skip = static_cast<std::size_t>(-1)) const;

private:
    std::vector<Axis> axes_;
    std::vector<std::string> repeats_;
    std::vector<int> configuration_;
};

}  // namespace assay::evaluate
