#include "libanalysis/measures/catalogue.hpp"

#include "libanalysis/core/error.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

namespace assay::measures {
namespace {

struct Row { const Measure* measure; std::string_view file; };

constexpr Row rows[] = {
#define MEASURE(file, id) {&id, #file},
#include "libanalysis/measures/catalogue.def"
#undef MEASURE
};

std::vector<std::string> split(std::string_view text, char at) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(at), text.size());
        parts.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0]++;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
            diagonal = above;
        }
    }
    return row.back();
}

std::string near_names(std::string_view word) {
    std::vector<std::pair<std::size_t, std::string>> near;
    for (const Row& row : rows) {
        const bool contains = word.size() > 2 && row.measure->name.find(word) != std::string_view::npos;
        const std::size_t distance = edit_distance(word, row.measure->name);
        if (contains || distance <= std::max<std::size_t>(2, word.size() / 3)) near.emplace_back(contains ? 0 : distance, row.measure->name);
    }
    std::sort(near.begin(), near.end());
    near.resize(std::min<std::size_t>(near.size(), 4));
    std::vector<std::string> names;
    for (const auto& [distance, name] : near) names.push_back(name);
    return names.empty() ? "`assay measures` lists them." : fmt::format("Near names: {}.", fmt::join(names, ", "));
}

// Numbers have one spelling, so that sparsity=0.90 and sparsity=0.9 are one key.
std::string canonical(std::string_view where, const std::string& text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
        throw Error(ErrorKind::usage, {std::string(where), "a number", text});
    return fmt::format("{}", value);
}

/// Cuts "a,b[c=1,d=2],e" at the commas outside brackets.
std::vector<std::string> words_of(std::string_view list) {
    std::vector<std::string> words;
    std::string word;
    int depth = 0;
    for (const char c : list) {
        depth += (c == '[') - (c == ']');
        if (c == ',' && depth == 0) {
            words.emplace_back(trimmed(word));
            word.clear();
        } else {
            word += c;
        }
    }
    words.emplace_back(trimmed(word));
    std::erase(words, "");
    return words;
}

Parameters parameters_in(std::string_view word, std::string_view inside) {
    Parameters parameters;
    for (const std::string& part : split(inside, ',')) {
        const std::size_t equals = part.find('=');
        if (equals == std::string::npos) throw Error(ErrorKind::usage, {std::string(word), "name[key=value]", part});
        const std::string key(trimmed(std::string_view(part).substr(0, equals)));
        parameters[key] = canonical(word, std::string(trimmed(std::string_view(part).substr(equals + 1))));
    }
    return parameters;
}

}  // namespace

std::span<const Measure* const> catalogue() {
    static const std::vector<const Measure*> all = [] {
        std::vector<const Measure*> list;
        for (const Row& row : rows) list.push_back(row.measure);
        return list;
    }();
    return all;
}

std::string_view family_of(const Measure& measure) {
    for (const Row& row : rows)
        if (row.measure == &measure) return row.file.substr(0, row.file.find('/'));
    return {};
}

const Measure* find_measure(std::string_view name) {
    for (const Row& row : rows)
        if (row.measure->name == name) return row.measure;
    return nullptr;
}

std::vector<std::string> conventions_of(const Measure& measure) {
    if (measure.conventions.empty()) return {""};
    return split(measure.conventions, ',');
}

std::vector<Parameters> alternatives_of(const Measure& measure, const Parameters& given) {
    std::vector<Parameters> all{{}};
    Parameters unknown = given;
    for (const std::string& grammar : split(measure.parameters, ',')) {
        const std::size_t equals = grammar.find('=');
        const std::string key = grammar.substr(0, equals);
        std::vector<std::string> values = split(std::string_view(grammar).substr(equals + 1), '|');
        if (const auto found = given.find(key); found != given.end()) values = {found->second};
        unknown.erase(key);
        std::vector<Parameters> longer;
        for (const Parameters& parameters : all)
            for (const std::string& value : values) {
                longer.push_back(parameters);
                longer.back()[key] = value;
            }
        all = std::move(longer);
    }
    if (!unknown.empty())
        throw Error(ErrorKind::usage, {std::string(measure.name), measure.parameters.empty() ? "no parameters" : "parameters " + std::string(measure.parameters),
                                       unknown.begin()->first});
    return all;
}

std::string to_string(const Parameters& parameters) {
    std::string text;
    for (const auto& [key, value] : parameters) text += fmt::format("{}{}={}", text.empty() ? "" : ",", key, value);
    return text;
}

std::string needs_in_words(Need needs) {
    static constexpr std::pair<Need, std::string_view> words[] = {
        {Need::weights, "weights"}, {Need::architecture, "architecture"}, {Need::init, "initial weights"}, {Need::train_data, "training data"},
        {Need::train_labels, "training labels"}, {Need::test_data, "test data"}, {Need::test_labels, "test labels"}};
    std::string text;
    for (const auto& [bit, word] : words)
        if (has(needs, bit)) text += fmt::format("{}{}", text.empty() ? "" : ", ", word);
    return text;
}

std::string_view to_string(Direction direction) {
    switch (direction) {
        case Direction::larger_gap: return "larger gap";
        case Direction::smaller_gap: return "smaller gap";
        case Direction::none: return "none";
    }
    return "none";
}

std::vector<Request> parse_requests(std::string_view list) {
    std::vector<Request> requests;
    const auto add = [&](const Measure* measure, const Parameters& parameters) {
        const bool there = std::any_of(requests.begin(), requests.end(),
                                       [&](const Request& r) { return r.measure == measure && r.parameters == parameters; });
        if (!there) requests.push_back({measure, parameters});
    };
    for (const std::string& word : words_of(list)) {
        const std::size_t open = word.find('[');
        const std::string name = word.substr(0, open);
        Parameters parameters;
        if (open != std::string::npos) {
            if (word.back() != ']') throw Error(ErrorKind::usage, {word, "name[key=value]", word});
            parameters = parameters_in(word, std::string_view(word).substr(open + 1, word.size() - open - 2));
        }
        if (const Measure* measure = find_measure(name)) {
            alternatives_of(*measure, parameters);   // refuses unknown parameters
            add(measure, parameters);
            continue;
        }
        bool family = false;
        for (const Row& row : rows)
            if (const std::string_view own = family_of(*row.measure);
                (name == "all" && row.measure->cost.empty()) || name == own || name == fmt::format("{}s", own)) {
                if (!parameters.empty()) throw Error(ErrorKind::usage, {word, "parameters on one measure", "on a family"});
                add(row.measure, {});
                family = true;
            }
        if (!family) throw Error(ErrorKind::usage, {"measures", "a measure, a family or \"all\"", name, near_names(name)});
    }
    if (requests.empty()) throw Error(ErrorKind::usage, {"measures", "at least one measure", "none"});
    return requests;
}

std::string column_name(std::string_view measure, const Value& value) {
    std::string column = "measure." + std::string(measure);
    if (!value.parameters.empty()) column += fmt::format("[{}]", to_string(value.parameters));
    if (!value.convention.empty()) column += fmt::format(".{}", value.convention);
    return column;
}

std::string catalogue_markdown() {
    std::string page =
        "# Measures\n\n"
        "Generated from the catalogue by `assay measures --markdown`; a test checks that this page is current. To add a measure, see\n"
        "architecture.md.\n\n"
        "Symbols: notation.md. Sources: references.bib. Values are raw: the size adjustments of Dziugaite et al. (0.5 (v - ln m) for\n"
        "logarithms, sqrt(v / m) for others) are not applied. Weight matrices are the kernels of dense and convolution layers (as\n"
        "[height width in, out]), of recurrent layers with all their gates side by side ([in, gates units], the recurrent ones [units,\n"
        "gates units]), of attention ([in, heads width] and [heads width, out]), and embeddings; biases, normalisation parameters and\n"
        "scales only where a measure says so.\n"
        "Where the literature differs, each value carries the name of its convention. A value that cannot be computed has a reason.\n"
        "\"Predicts\" is what a larger value is held to mean. A measure that states a cost is computed when its name or family is asked\n"
        "for, not as part of `all`; a pass is one forward pass over the rows (`--samples` bounds them), a product is one product of a\n"
        "curvature operator with a vector (about 4 to 6 passes), shared by the measures that name the same ingredient.\n";
    std::map<std::string_view, std::vector<const Measure*>> families;
    for (const Row& row : rows) families[family_of(*row.measure)].push_back(row.measure);
    for (const auto& [family, members] : families) {
        page += fmt::format("\n## {}\n", family);
        for (const Measure* measure : members) {
            page += fmt::format("\n### {}\n\n{}\n\n", measure->name, measure->doc);
            page += fmt::format("- formula: ${}$\n- source: {}\n- needs: {}\n- predicts: {}\n", measure->formula, measure->source,
                                needs_in_words(measure->needs), to_string(measure->direction));
            if (!measure->conventions.empty()) page += fmt::format("- conventions: {}\n", fmt::join(conventions_of(*measure), ", "));
            if (!measure->parameters.empty()) page += fmt::format("- parameters: `{}`\n", measure->parameters);
            if (!measure->ingredients.empty()) page += fmt::format("- ingredients: {}\n", measure->ingredients);
            if (!measure->cost.empty()) page += fmt::format("- on request, costs {}\n", measure->cost);
            page += fmt::format("- version: {}\n", measure->version);
        }
    }
    return page;
}

}  // namespace assay::measures
