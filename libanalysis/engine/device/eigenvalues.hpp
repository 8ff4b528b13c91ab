#pragma once
// What a library said of its decompositions, as a functor of their index.

#include "libanalysis/engine/device/faults.hpp"
#include "libanalysis/engine/elementary.hpp"

#include <cstdint>

namespace assay::engine::device {

/// LAPACK's word for each decomposition, 0 where all went well.
struct Converged {
    const int* info;
    Fault* fault;
    ASSAY_HOST_DEVICE void operator()(std::int64_t i) const {
        if (info[i] != 0) *fault = Fault::eigenvalues;
    }
};

}  // namespace assay::engine::device
