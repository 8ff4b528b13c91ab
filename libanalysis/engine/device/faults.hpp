#pragma once
// What a functor found wrong in data that the host has not seen: an index outside its array, a decomposition that did not converge. The
// functor touches nothing and leaves a word; the host reads the word before it takes any value from the device.

#include "libanalysis/core/error.hpp"

#include <cstdint>

namespace assay::engine::device {

enum class Fault : std::int32_t { none, gather, scatter_add, row_of_table, eigenvalues };

/// @throws Error{data} unless `fault` is none: as the CPU backend, which can also say which index it was.
inline void throw_fault(Fault fault) {
    if (fault == Fault::none) return;
    if (fault == Fault::eigenvalues) throw Error(ErrorKind::data, {"eigenvalues of a symmetric matrix", "a convergent decomposition", "none"});
    const char* where = fault == Fault::gather ? "gather" : fault == Fault::scatter_add ? "scatter_add" : "row of a table";
    throw Error(ErrorKind::data, {where, "indices inside the array", "one outside", "On the CPU the message names the index."});
}

}  // namespace assay::engine::device
