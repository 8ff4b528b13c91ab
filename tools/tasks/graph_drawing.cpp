#include "tools/tasks/graph_drawing.hpp"

#include "libanalysis/core/text.hpp"

#include <boost/graph/graphviz.hpp>
#include <fmt/format.h>

#include <map>
#include <set>
#include <sstream>

namespace assay::tools {
namespace {

struct Box {
    std::string name, class_name, shape;
    std::int64_t parameters = 0;
    double madds = 0;
    bool runs = true;
};
using Drawing = boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS, Box>;

std::string count_in_words(double count) {
    if (count >= 1e9) return fmt::format("{:.1f} G", count / 1e9);
    if (count >= 1e6) return fmt::format("{:.1f} M", count / 1e6);
    if (count >= 1e4) return fmt::format("{:.1f} k", count / 1e3);
    return fmt::format("{:.0f}", count);
}

std::string shape_of(const engine::NodeOutline& told) {
    if (!told.shape) return "";
    std::string words;
    for (const std::int64_t extent : *told.shape) words += fmt::format("{}{}", words.empty() ? "" : " x ", extent);
    return words.empty() ? "1" : words;
}

// Uses of one layer are boxes of their own: a layer's node names end alike ("dense#2").
std::string box_name(const model::Node& node) {
    const std::size_t hash = node.name.rfind('#');
    return hash == std::string::npos || hash < node.layer.size() ? node.layer : node.layer + node.name.substr(hash);
}

// Boost escapes quotes and not backslashes, which end a quoted text of Graphviz early or mean something in a label.
std::string with_backslashes_doubled(const std::string& text) {
    std::string out;
    for (const char c : text) out += c == '\\' ? std::string("\\\\") : std::string(1, c);
    return out;
}

std::string label(const Box& box) {
    std::string text = with_backslashes_doubled(printable(box.name)) + "\n" + with_backslashes_doubled(printable(box.class_name));
    if (!box.shape.empty()) text += "\n" + box.shape;
    if (box.parameters > 0) text += "\n" + count_in_words(static_cast<double>(box.parameters)) + " parameters";
    if (box.madds > 0) text += ", " + count_in_words(box.madds) + " multiply-adds";
    return text;
}

}  // namespace

std::string graph_drawing(const model::Model& model, const std::vector<engine::NodeOutline>& outline) {
    Drawing drawing;
    std::map<std::string, std::size_t> boxes;
    std::vector<std::size_t> box_of(boost::num_vertices(model.architecture->graph));
    std::set<std::pair<std::size_t, std::size_t>> drawn;
    for (const std::size_t vertex : model.architecture->topological_order()) {
        const model::Node& node = model.architecture->graph[vertex];
        const std::string name = box_name(node);
        const auto known = boxes.find(name);
        const std::size_t box = known != boxes.end() ? known->second : boost::add_vertex(Box{name, node.layer_class, "", 0, 0, true}, drawing);
        boxes[name] = box;
        box_of[vertex] = box;
        for (const std::size_t parameter : node.parameters) drawing[box].parameters += model.weights.at(parameter).size();
        drawing[box].madds += outline[vertex].madds;
        drawing[box].runs = drawing[box].runs && outline[vertex].problem.empty();
        if (const std::string shape = shape_of(outline[vertex]); !shape.empty()) drawing[box].shape = shape;
        for (const std::size_t source : model.architecture->inputs_of(vertex))
            if (box_of[source] != box && drawn.emplace(box_of[source], box).second) boost::add_edge(box_of[source], box, drawing);
    }
    std::ostringstream text;
    boost::write_graphviz(text, drawing,
        [&](std::ostream& out, std::size_t vertex) {
            out << "[label=" << boost::escape_dot_string(label(drawing[vertex])) << (drawing[vertex].runs ? "" : ", style=dashed") << "]";
        },
        boost::default_writer(),
        [](std::ostream& out) { out << "node [shape=box, fontname=\"sans-serif\", fontsize=11];\nedge [arrowsize=0.7];\n"; });
    return text.str();
}

}  // namespace assay::tools
