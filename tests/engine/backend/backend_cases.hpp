#pragma once
// One table: every primitive of Backend against loops over doubles. A new backend runs the same table.

#include "libanalysis/engine/backend.hpp"

#include <span>

namespace assay::test {

struct BackendCase {
    const char* primitive;
    void (*check)(engine::Backend& backend, engine::DType type);
};

std::span<const BackendCase> backend_cases();

}  // namespace assay::test
