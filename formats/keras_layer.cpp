#include "formats/keras_layer.hpp"

#include <cmath>

namespace assay::formats::keras {
namespace {

constexpr std::int64_t largest_setting = std::int64_t{1} << 40;

std::optional<std::int64_t> as_integer(const Json& json) {
    if (json.is_number_integer()) return json.get<std::int64_t>();
    if (json.is_number_float()) {   // Python writes 64.0 now and then
        const double value = json.get<double>();
        if (std::abs(value) < 1e15 && value == std::floor(value)) return static_cast<std::int64_t>(value);
    }
    return std::nullopt;
}

bool absent(const Layer& layer, const char* key) { return !layer.config.contains(key) || layer.config[key].is_null(); }

}  // namespace

Error bad_setting(const Layer& layer, const char* key, const std::string& expected) {
    return Error(ErrorKind::format, {"layer " + layer.name + " (" + layer.class_name + ") " + key, expected,
                                     layer.config.contains(key) ? layer.config[key].dump().substr(0, 200) : "nothing"});
}

std::int64_t integer(const Layer& layer, const char* key, std::int64_t least) {
    const auto value = layer.config.contains(key) ? as_integer(layer.config[key]) : std::nullopt;
    if (!value || *value < least || *value > largest_setting) throw bad_setting(layer, key, "an integer of at least " + std::to_string(least));
    return *value;
}

std::int64_t integer_or(const Layer& layer, const char* key, std::int64_t fallback, std::int64_t least) {
    return absent(layer, key) ? fallback : integer(layer, key, least);
}

double number_or(const Layer& layer, const char* key, double fallback) {
    if (absent(layer, key)) return fallback;
    if (!layer.config[key].is_number()) throw bad_setting(layer, key, "a number");
    return layer.config[key].get<double>();
}

bool flag_or(const Layer& layer, const char* key, bool fallback) {
    if (absent(layer, key)) return fallback;
    if (layer.config[key] == 0 || layer.config[key] == 1) return layer.config[key] == 1;   // Python takes them too
    if (!layer.config[key].is_boolean()) throw bad_setting(layer, key, "true or false");
    return layer.config[key].get<bool>();
}

std::string word_or(const Layer& layer, const char* key, const std::string& fallback) {
    if (absent(layer, key)) return fallback;
    if (!layer.config[key].is_string()) throw bad_setting(layer, key, "a word");
    return layer.config[key].get<std::string>();
}

std::vector<std::int64_t> pair(const Layer& layer, const char* key) {
    std::vector<std::int64_t> values;
    if (layer.config.contains(key)) {
        const Json& json = layer.config[key];
        if (json.is_array() && (json.size() == 1 || json.size() == 2)) {
            for (const Json& part : json)
                if (const auto value = as_integer(part)) values.push_back(*value);
            if (values.size() != json.size()) values.clear();
        } else if (const auto value = as_integer(json)) {
            values = {*value};
        }
    }
    if (values.size() == 1) values.push_back(values[0]);
    if (values.size() != 2) throw bad_setting(layer, key, "one or two positive integers");
    for (const std::int64_t value : values)
        if (value < 1 || value > largest_setting) throw bad_setting(layer, key, "one or two positive integers");
    return values;
}

std::vector<std::int64_t> pair_or(const Layer& layer, const char* key, std::vector<std::int64_t> fallback) {
    return absent(layer, key) ? std::move(fallback) : pair(layer, key);
}

bool channels_first(const Layer& layer, const Dialect& dialect) {
    const std::string format = word_or(layer, "data_format", dialect.channels_first_default ? "channels_first" : "channels_last");
    if (format == "channels_first") return true;
    if (format == "channels_last") return false;
    throw bad_setting(layer, "data_format", "channels_last or channels_first");
}

const Value& Call::raw(std::size_t index) const {
    if (index >= inputs_.size())
        throw Error(ErrorKind::format, {"layer " + layer_.name + " (" + layer_.class_name + ")", "an input", std::to_string(inputs_.size()) + " inputs"});
    return inputs_[index];
}

Value Call::add(const std::string& kind, Json attributes, const std::vector<Value>& sources, int rank, bool with_parameters) {
    return add_part("", kind, std::move(attributes), sources, rank, with_parameters ? parameters_ : std::vector<std::size_t>{});
}

Value Call::add_part(const std::string& part, const std::string& kind, Json attributes, const std::vector<Value>& sources, int rank,
                     std::vector<std::size_t> parameters) {
    const std::string full = layer_.name + suffix_;
    if (last_ != static_cast<std::size_t>(-1)) {   // the layer's name moves on to its last node
        model::Node& before = architecture_.graph[last_];
        before.name = layer_.name + "/" + (last_part_.empty() ? before.kind : last_part_) + suffix_;
    }
    last_part_ = part;
    model::Node node{.name = full, .kind = kind, .layer = layer_.name, .layer_class = layer_.class_name, .attributes = std::move(attributes),
                     .parameters = std::move(parameters)};
    std::vector<std::size_t> vertices;
    bool owed = !sources.empty();
    for (const Value& source : sources) {
        vertices.push_back(source.vertex);
        owed = owed && source.channels_last;
    }
    last_ = architecture_.add(std::move(node), vertices);
    return {last_, rank, owed};
}

std::vector<std::size_t> Call::parameters(std::size_t first, std::size_t count) const {
    const auto from = parameters_.begin() + static_cast<std::ptrdiff_t>(first);
    return {from, from + static_cast<std::ptrdiff_t>(count)};
}

const Shape& Call::shape_of(std::size_t position) const { return all_[parameters_.at(position)].shape; }

bool Call::keyword(const char* key) const { return keywords_.is_object() && keywords_.contains(key) && keywords_[key] == true; }

Value Call::permute(const Value& value, const std::vector<int>& order, bool owed) {
    const Value moved = add("permute", {{"order", order}}, {value}, value.rank);
    return {moved.vertex, value.rank, owed};
}

Value Call::as_keras(std::size_t index) {
    const Value value = raw(index);
    if (!value.channels_last) return value;
    // The owed permutation belongs to the layer that made the value, whose name it takes as its last node.
    model::Node& maker = architecture_.graph[value.vertex];
    model::Node node{.name = maker.name, .kind = "permute", .layer = maker.layer, .layer_class = maker.layer_class,
                     .attributes = {{"order", value.rank == 4 ? std::vector<int>{3, 1, 2} : std::vector<int>{2, 1}}}, .parameters = {}};
    const auto [first, last] = boost::out_edges(value.vertex, architecture_.graph);
    for (auto edge = first; edge != last; ++edge) {   // made before, for another consumer
        const std::size_t target = boost::target(*edge, architecture_.graph);
        const model::Node& other = architecture_.graph[target];
        if (other.kind == "permute" && other.layer == maker.layer) {
            inputs_[index] = {target, value.rank, false};
            return inputs_[index];
        }
    }
    const std::size_t hash = maker.name.rfind('#');
    const std::string use = hash == std::string::npos || hash < maker.layer.size() ? "" : maker.name.substr(hash);
    maker.name = maker.layer + "/" + maker.kind + use;
    inputs_[index] = {architecture_.add(std::move(node), {value.vertex}), value.rank, false};
    return inputs_[index];
}

Value Call::channels_last(std::size_t index) {
    const Value value = raw(index);
    if (value.channels_last) return value;
    return permute(value, value.rank == 3 ? std::vector<int>{2, 1} : std::vector<int>{2, 3, 1}, true);
}

}  // namespace assay::formats::keras
