#pragma once
// Lists of things that are looked up by name: learners, protocols, curves, each a row of its .def file.

#include "libanalysis/core/error.hpp"

#include <span>
#include <string>
#include <string_view>

namespace assay {

/// Null where there is none.
template <typename T>
const T* find_named(std::span<const T* const> all, std::string_view name) {
    for (const T* one : all)
        if (one->name == name) return one;
    return nullptr;
}

/// "ridge, lasso, ...": every name, for help and errors.
template <typename T>
std::string names_of(std::span<const T* const> all) {
    std::string names;
    for (const T* one : all) names += (names.empty() ? "" : ", ") + std::string(one->name);
    return names;
}

/// @throws Error{usage} that says what was looked for and names those there are.
template <typename T>
const T& named(std::span<const T* const> all, std::string_view what, std::string_view name) {
    if (const T* found = find_named(all, name)) return *found;
    throw Error(ErrorKind::usage, {std::string(what), "one of " + names_of(all), std::string(name)});
}

}  // namespace assay
