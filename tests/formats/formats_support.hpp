#pragma once

#include "formats/format.hpp"
#include "libanalysis/core/error.hpp"
#include "tests/support/refusal.hpp"

#include <gtest/gtest.h>

#include <string>

namespace assay::formats {

#define EXPECT_ERROR(action, expected_kind, words)                                                            \
    do {                                                                                                      \
        const assay::Error error_ = assay::test::refusal([&] { (void)(action); });                        \
        EXPECT_EQ(assay::to_string(error_.kind()), assay::to_string(expected_kind)) << error_.what();          \
        EXPECT_NE(std::string(error_.what()).find(words), std::string::npos) << error_.what();                 \
    } while (false)

/// "input permute conv2d ..." in the order of vertices, which is topological.
inline std::string kinds(const model::Model& model) {
    std::string text;
    for (std::size_t v = 0; v < boost::num_vertices(model.architecture->graph); ++v) text += (v ? " " : "") + model.architecture->graph[v].kind;
    return text;
}

inline const model::Node& node(const model::Model& model, const std::string& name) {
    for (std::size_t v = 0; v < boost::num_vertices(model.architecture->graph); ++v)
        if (model.architecture->graph[v].name == name) return model.architecture->graph[v];
    throw std::runtime_error("no node " + name);
}

inline bool has_note(const model::Model& model, const std::string& words) {
    for (const std::string& note : model.notes)
        if (note.find(words) != std::string::npos) return true;
    return false;
}

}  // namespace assay::formats
