#pragma once
// What is fuzzed: the readers of the layouts, each from bytes to a whole model or data set.

#include <span>
#include <string>
#include <string_view>

namespace assay::fuzz {

/// Gives the bytes to the layout's reader. An assay::Error is what the reader owes to bad input. A finding is anything else: another
/// exception, an Error{internal}, a model that contradicts itself, an HDF5 handle that stays open; it is thrown as std::logic_error.
using Target = void (*)(std::string_view bytes);

struct NamedTarget {
    std::string_view name;
    Target run;
    bool is_tree;   ///< its bytes are the encoding of a tree (tests/fuzz/tree.hpp)
};

std::span<const NamedTarget> targets();
const NamedTarget& target(std::string_view name);

}  // namespace assay::fuzz
