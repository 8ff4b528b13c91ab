#pragma once
// The backend that the engine's tests run on: the CPU's, unless the program that they are compiled into says another.

#include "libanalysis/engine/backend.hpp"

#include <memory>

namespace assay::test {

/// A program that tests another device with the same tables sets it before main().
inline std::unique_ptr<engine::Backend> (*make_backend_under_test)() = &engine::make_cpu_backend;

}  // namespace assay::test
