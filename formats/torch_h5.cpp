// A PyTorch state dict written with h5py: data sets without attributes, named by module and parameter, in the root ("features.0.weight")
// or in groups ("features/0/weight"). PyTorch's layouts become the canonical ones. formats/README.md has the layout.

#include "formats/candidate.hpp"
#include "formats/data_readers.hpp"
#include "formats/format.hpp"
#include "formats/keras_h5.hpp"
#include "formats/keras_model.hpp"
#include "formats/keras_three.hpp"
#include "formats/keras_weights.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>

namespace assay::formats {
namespace {

using model::Role;

// "features.0.weight" is the parameter "weight" of the module "features.0".
struct Name {
    std::string module, parameter;
};

Name split(const std::string& path) {
    std::string dotted = path;
    std::replace(dotted.begin(), dotted.end(), '/', '.');
    const std::size_t cut = dotted.rfind('.');
    if (cut == std::string::npos) return {"", dotted};
    return {dotted.substr(0, cut), dotted.substr(cut + 1)};
}

bool starts_with_any(const std::string& word, std::initializer_list<std::string_view> beginnings) {
    return std::any_of(beginnings.begin(), beginnings.end(), [&](std::string_view beginning) { return word.starts_with(beginning); });
}

// What torch.nn calls its parameters and buffers.
bool is_torch_name(const std::string& parameter) {
    static constexpr std::array exact{"weight", "bias", "running_mean", "running_var", "num_batches_tracked", "in_proj_weight", "in_proj_bias", "weight_g", "weight_v",
                                      "weight_orig", "weight_mask", "weight_u"};
    return std::find(exact.begin(), exact.end(), parameter) != exact.end() || starts_with_any(parameter, {"weight_ih", "weight_hh", "bias_ih", "bias_hh"});
}

// Digits compare as numbers: "branch2" before "branch10".
bool natural_less(const std::string& a, const std::string& b) {
    std::size_t i = 0, j = 0;
    const auto digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
    while (i < a.size() && j < b.size()) {
        if (!digit(a[i]) || !digit(b[j])) {
            if (a[i] != b[j]) return a[i] < b[j];
            ++i, ++j;
            continue;
        }
        const auto number = [&](const std::string& text, std::size_t& at) {
            while (at + 1 < text.size() && text[at] == '0' && digit(text[at + 1])) ++at;
            const std::size_t start = at;
            while (at < text.size() && digit(text[at])) ++at;
            return std::string_view(text).substr(start, at - start);
        };
        const std::string_view left = number(a, i), right = number(b, j);
        if (left.size() != right.size()) return left.size() < right.size();
        if (left != right) return left < right;
    }
    return a.size() - i < b.size() - j;
}

// PyTorch's own order inside a module, as far as its kinds have one.
int order_in_module(const std::string& parameter) {
    static constexpr std::array order{"in_proj_weight", "in_proj_bias", "weight", "weight_orig", "weight_g", "weight_v", "weight_ih", "weight_hh", "bias_ih", "bias_hh", "bias",
                                      "running_mean", "running_var", "num_batches_tracked"};
    int best = static_cast<int>(order.size());
    std::size_t longest = 0;
    for (std::size_t i = 0; i < order.size(); ++i)
        if (parameter.starts_with(order[i]) && std::string_view(order[i]).size() > longest) {
            longest = std::string_view(order[i]).size();
            best = static_cast<int>(i);
        }
    return best;
}

bool is_state_dict(const hdf5::File& file) {
    if (file.has_attributes() || is_data_file(file) || keras::is_keras_three(file)) return false;
    std::size_t known = 0, others = 0;
    bool matrix = false;
    for (const std::string& path : file.leaves()) {
        const hdf5::Dataset dataset = file.dataset(path);
        if (dataset.has_attributes()) return false;
        const Name name = split(path);
        if (!dataset.is_numeric()) {   // some writers add the list of names
            if (dataset.type_name() != "string") return false;
            continue;
        }
        ++(is_torch_name(name.parameter) ? known : others);
        matrix = matrix || (!name.module.empty() && name.parameter.starts_with("weight") && dataset.shape().size() >= 2);
    }
    return matrix && known >= others;
}

struct Found {
    Name name;
    hdf5::Dataset dataset;
};

class StateDict {
public:
    explicit StateDict(const hdf5::File& file) : budget_(keras::weight_budget(file)) {
        for (const std::string& path : file.leaves()) {
            hdf5::Dataset dataset = file.dataset(path);
            if (!dataset.is_numeric()) {
                model_.notes.push_back("the data set " + path + " is no array of numbers and is ignored");
                continue;
            }
            found_.push_back({split(path), std::move(dataset)});
            const Name& name = found_.back().name;
            modules_[name.module].push_back(name.parameter);
            if (name.parameter == "weight" && found_.back().dataset.shape().size() == 1) flat_.insert(name.module);
        }
        std::stable_sort(found_.begin(), found_.end(), [](const Found& a, const Found& b) {
            if (a.name.module != b.name.module) return natural_less(a.name.module, b.name.module);
            const int left = order_in_module(a.name.parameter), right = order_in_module(b.name.parameter);
            return left != right ? left < right : natural_less(a.name.parameter, b.name.parameter);
        });
    }

    model::Model run() {
        for (const Found& found : found_) take(found);
        model_.notes.push_back("a PyTorch state dict in HDF5, which lists names by letter: modules are sorted by name, not in the network's order");
        if (transposed_) model_.notes.push_back("kernels were taken for those of Linear and Conv layers, whose PyTorch layouts became (..., in, out); a transposed convolution cannot be told from a convolution");
        if (counters_ > 0) model_.notes.push_back(std::to_string(counters_) + " counters of batches (num_batches_tracked) are ignored");
        keras::note_non_finite(model_);
        return std::move(model_);
    }

private:
    bool has(const std::string& module, std::string_view parameter) const {
        const auto& all = modules_.at(module);
        return std::find(all.begin(), all.end(), parameter) != all.end();
    }

    static bool is_embedding(const std::string& module) {
        std::string last = module.substr(module.rfind('.') + 1);
        std::transform(last.begin(), last.end(), last.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        return last.find("emb") != std::string::npos || last == "wte" || last == "wpe";
    }

    Role role_of(const Name& name, std::size_t rank) const {
        const std::string& parameter = name.parameter;
        if (parameter == "running_mean") return Role::moving_mean;
        if (parameter == "running_var") return Role::moving_variance;
        if (parameter == "weight" && rank == 1) return has(name.module, "bias") || has(name.module, "running_mean") ? Role::gamma : Role::other;   // alone: a PReLU's slopes
        if (parameter == "weight" && rank == 2 && is_embedding(name.module) && !has(name.module, "bias")) return Role::embeddings;
        if (parameter.starts_with("weight_hh")) return Role::recurrent_kernel;
        if (starts_with_any(parameter, {"weight_ih", "in_proj_weight"}) || (rank >= 2 && (parameter == "weight" || parameter == "weight_orig"))) return Role::kernel;
        if (parameter == "bias" && flat_.contains(name.module)) return Role::beta;
        if (parameter == "bias" || starts_with_any(parameter, {"bias_ih", "bias_hh", "in_proj_bias"})) return Role::bias;
        return Role::other;
    }

    void take(const Found& found) {
        const Name& name = found.name;
        if (name.parameter == "num_batches_tracked") {
            ++counters_;
            return;
        }
        model::Tensor tensor = keras::read_tensor(found.dataset, budget_);
        const std::size_t rank = tensor.shape.size();
        const Role role = role_of(name, rank);
        if ((role == Role::kernel || role == Role::recurrent_kernel) && rank >= 2 && rank <= 5) {   // (out, in, spatial...)
            std::vector<std::size_t> order;
            for (std::size_t axis = 2; axis < rank; ++axis) order.push_back(axis);
            order.push_back(1);
            order.push_back(0);
            keras::permute_tensor(tensor, order);
            transposed_ = true;
        }
        const std::string layer = name.module.empty() ? "model" : name.module;
        const bool moving = role == Role::moving_mean || role == Role::moving_variance;
        model_.parameters.push_back({.name = layer + "/" + name.parameter, .layer = layer, .layer_class = "", .role = role, .shape = tensor.shape,
                                     .trainable = !moving && name.parameter != "weight_mask", .path = found.dataset.where()});
        model_.weights.push_back(std::move(tensor));
    }

    std::uint64_t budget_;
    std::vector<Found> found_;
    std::map<std::string, std::vector<std::string>> modules_;   // the names of each module's parameters
    std::set<std::string> flat_;                                // modules whose weight has one axis: they normalise
    model::Model model_;
    bool transposed_ = false;
    std::size_t counters_ = 0;
};

bool probe(Candidate& candidate) {
    return is_hdf5_with(candidate, [](const hdf5::File& file) { return !keras::is_whole_model(file) && !keras::has_layer_list(file) && is_state_dict(file); });
}

model::Model load(Candidate& candidate, const LoadOptions& options) {
    model::Model model = StateDict(candidate.hdf5()).run();
    if (!options.architecture.empty()) model.notes.push_back("the architecture given is ignored: it tells nothing of a PyTorch network's layers");
    model.path = candidate.path().string();
    model.format = "torch-h5";
    model.facts.backend = "torch";
    return model;
}

}  // namespace

extern const Format torch_h5;
const Format torch_h5{"torch-h5", "a PyTorch state dict in HDF5, without an architecture", probe, load};

}  // namespace assay::formats
