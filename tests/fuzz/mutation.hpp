#pragma once
// Mutations that keep the form: of trees (links, types, extents, names) and of the JSON in them.

#include "tests/fuzz/tree.hpp"

#include <random>
#include <string>

namespace assay::fuzz {

using Random = std::mt19937_64;

/// The encoding of a tree with a few random changes.
std::string mutate_tree(std::string_view bytes, Random& random);

/// Bytes changed, inserted, removed or repeated.
std::string mutate_bytes(std::string bytes, Random& random);

/// One value, key or element of JSON changed; text that is no JSON comes back as it is.
std::string mutate_json(const std::string& text, Random& random);

}  // namespace assay::fuzz
