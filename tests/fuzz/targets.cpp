#include "tests/fuzz/targets.hpp"

#include "formats/candidate.hpp"
#include "formats/data_readers.hpp"
#include "formats/crc32c.hpp"
#include "formats/format.hpp"
#include "formats/hdf5_lzf.hpp"
#include "formats/mask_file.hpp"
#include "libanalysis/core/error.hpp"
#include "tests/formats/zip_writer.hpp"
#include "tests/fuzz/hdf5_double.hpp"
#include "tests/fuzz/tree.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>

namespace assay::formats {
#define FORMAT(name) extern const Format name;
#include "formats/formats.def"
#undef FORMAT
}  // namespace assay::formats

namespace assay::fuzz {
namespace {

namespace fs = std::filesystem;

// One folder a process: readers want paths. Best in memory.
struct Folder {
    Folder() : path((fs::exists("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path()) / ("assay-fuzz-" + std::to_string(getpid()))) {
        fs::create_directories(path / "train");
        fs::create_directories(path / "pgdl");
    }
    ~Folder() {
        std::error_code ignored;
        fs::remove_all(path, ignored);
    }
    fs::path path;
};

std::string put(const std::string& name, std::string_view bytes) {
    static const Folder folder;
    const fs::path path = folder.path / name;
    std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return path.string();
}

void require(bool holds, const char* what) {
    if (!holds) throw std::logic_error(std::string("a finding: ") + what);
}

// What everybody who gets a model relies on.
void check(const model::Model& model) {
    require(model.weights.size() == model.parameters.size(), "as many tensors as parameters");
    for (std::size_t i = 0; i < model.weights.size(); ++i) {
        require(model.weights[i].shape == model.parameters[i].shape, "a tensor of its parameter's shape");
        const auto size = std::visit([](const auto& values) { return values.size(); }, model.weights[i].values);
        require(static_cast<std::int64_t>(size) == element_count(model.weights[i].shape), "as many values as the shape says");
    }
    for (const model::Regulariser& regulariser : model.facts.regularisers) require(regulariser.parameter < model.parameters.size(), "a regulariser of a parameter");
    if (!model.architecture) return;
    const auto& architecture = *model.architecture;
    const std::size_t nodes = boost::num_vertices(architecture.graph);
    for (std::size_t vertex = 0; vertex < nodes; ++vertex) {
        require(!architecture.graph[vertex].kind.empty(), "a node with a kind");
        for (const std::size_t parameter : architecture.graph[vertex].parameters) require(parameter < model.parameters.size(), "a node's parameters");
    }
    for (const auto* ends : {&architecture.inputs, &architecture.outputs})
        for (const std::size_t vertex : *ends) require(vertex < nodes, "inputs and outputs among the nodes");
    require(architecture.topological_order().size() == nodes, "an order of all nodes");
}

// Runs what may refuse its input.
void guard(const std::function<void()>& body) {
    try {
        body();
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::internal) throw std::logic_error(std::string("a finding: ") + error.what());
    } catch (const std::logic_error&) {
        close_handles();
        throw;
    } catch (const std::exception& error) {
        close_handles();
        throw std::logic_error(std::string("a finding, an exception that is no assay::Error: ") + error.what());
    }
    const std::size_t left = open_handles();
    close_handles();
    require(left == 0, "an HDF5 handle that stays open");
}

void load_as(const formats::Format& format, const std::string& path, const formats::LoadOptions& options = {}) {
    guard([&] {
        formats::Candidate candidate(path);
        format.probe(candidate);
        check(format.load(candidate, options));   // whatever the probe says
    });
}

// A text that the encoding carries as an attribute of the root, and that the layout keeps elsewhere.
std::string take_text(Tree& tree, const std::string& name) {
    auto& all = tree.nodes[0].attributes;
    const auto found = std::find_if(all.begin(), all.end(), [&](const Attribute& attribute) { return attribute.name == name; });
    if (found == all.end()) return "";
    std::string text = found->value.texts.empty() ? found->value.bytes : found->value.texts.front();
    all.erase(found);
    return text;
}

void assay_graph(std::string_view bytes) { load_as(formats::assay_graph, put("model.h5", bytes)); }
void keras_h5(std::string_view bytes) { load_as(formats::keras_h5, put("model.h5", bytes)); }
void keras_weights(std::string_view bytes) { load_as(formats::keras_weights, put("model.h5", bytes)); }
void keras_three_weights(std::string_view bytes) { load_as(formats::keras_three_weights, put("model.h5", bytes)); }
void keras_numbered_weights(std::string_view bytes) { load_as(formats::keras_numbered_weights, put("model.h5", bytes)); }
void torch_h5(std::string_view bytes) { load_as(formats::torch_h5, put("model.h5", bytes)); }

// The members of the archive are the root's attributes config.json and metadata.json, and the tree without them.
void keras_zip(std::string_view bytes) {
    Tree tree = decode(bytes);
    const std::string config = take_text(tree, "config.json"), metadata = take_text(tree, "metadata.json");
    const std::string path = put("model.keras", "");
    fs::remove(path);
    test::write_zip(path, {{"metadata.json", metadata}, {"config.json", config}, {"model.weights.h5", encode(tree)}});
    load_as(formats::keras_zip, path);
}

// The root's attribute `architecture` is the text of the file given as --architecture, for each layout that takes one.
void keras_architecture(std::string_view bytes) {
    Tree tree = decode(bytes);
    const std::string architecture = put("architecture.json", take_text(tree, "architecture"));
    const std::string path = put("model.h5", encode(tree));
    for (const formats::Format* format : {&formats::keras_weights, &formats::keras_three_weights, &formats::keras_numbered_weights})
        guard([&] {
            formats::Candidate candidate(path);
            check(format->load(candidate, {.architecture = architecture, .lambdas = {}}));
        });
}

void pgdl(std::string_view bytes) {
    Tree tree = decode(bytes);
    put("pgdl/config.json", take_text(tree, "architecture"));
    load_as(formats::pgdl, put("pgdl/weights.hdf5", encode(tree)));
}

// Two files in one: the attribute `like` of the root is the encoding of the model whose weights are looked for in the rest.
void other_weights(std::string_view bytes) {
    Tree tree = decode(bytes);
    const std::string like = put("like.h5", take_text(tree, "like"));
    const std::string path = put("model.h5", encode(tree));
    guard([&] {
        const model::Model model = formats::load_model(like);
        const model::Weights weights = formats::load_weights_for(model, path);
        require(weights.size() == model.weights.size(), "as many tensors as the known model has");
        for (std::size_t i = 0; i < weights.size(); ++i) require(weights[i].shape == model.weights[i].shape, "tensors of the known model's shapes");
    });
}

void read_some(const data::Split& split) {
    for (std::size_t input = 0; input < split.input_names().size(); ++input) {
        const auto size = static_cast<std::size_t>(element_count(split.input_shape(input)));
        if (split.rows() == 0) continue;
        const std::array<std::int64_t, 2> rows{0, split.rows() - 1};
        std::vector<float> values(2 * size);
        split.read(input, rows, std::span<float>(values));
        if (split.has_labels() && split.classes() > 0) {
            std::array<std::int64_t, 2> labels{};
            split.read_labels(rows, labels);
            for (const std::int64_t label : labels) require(label >= 0 && label < split.classes(), "labels below the number of classes");
        } else if (split.has_labels()) {
            std::vector<double> targets(2 * static_cast<std::size_t>(split.target_size()));
            split.read_targets(rows, targets);
        }
    }
}

void data_set(std::string_view bytes) {
    const std::string path = put("data.h5", bytes);
    guard([&] {
        const data::Dataset set = formats::open_dataset(path);
        if (set.train) read_some(*set.train);
        if (set.test) read_some(*set.test);
    });
    const std::array<std::string, 1> one{"x"};
    const std::array<std::string, 2> two{"left", "right"};
    guard([&] { read_some(*formats::open_inputs(path, one)); });
    guard([&] { read_some(*formats::open_inputs(path, two)); });
}

// Each record is a length of two bytes and the bytes, to which right checksums are added: a fuzzer does not find them. A first byte that
// is odd gives the bytes as they are.
void tfrecord(std::string_view bytes) {
    std::string shard;
    if (!bytes.empty() && (bytes.front() & 1)) {
        shard = bytes.substr(1);
    } else {
        const auto append = [&](auto value) { shard.append(reinterpret_cast<const char*>(&value), sizeof value); };
        for (std::string_view left = bytes.substr(bytes.empty() ? 0 : 1); left.size() >= 2;) {
            const std::size_t length = std::min<std::size_t>(static_cast<unsigned char>(left[0]) + 256u * static_cast<unsigned char>(left[1]), left.size() - 2);
            const std::string_view record = left.substr(2, length);
            const auto declared = static_cast<std::uint64_t>(length);
            append(declared);
            append(formats::masked_crc32c({reinterpret_cast<const char*>(&declared), 8}));
            shard += record;
            append(formats::masked_crc32c(record));
            left.remove_prefix(2 + length);
        }
    }
    const fs::path folder = fs::path(put("train/0.tfrecord", shard)).parent_path().parent_path();
    guard([&] { read_some(*formats::open_dataset(folder).train); });
}

void masks(std::string_view bytes) {
    const std::string path = put("masks.h5", bytes);
    guard([&] {
        for (const auto& mask : formats::read_masks(path).masks) require(static_cast<std::int64_t>(mask.kept.size()) == element_count(mask.shape), "a mask of its shape");
    });
}

// One chunk as libhdf5 gives it to the filter: what the chunk holds once decoded is declared before it, in three bytes.
void lzf(std::string_view bytes) {
    if (bytes.size() < 3) return;
    formats::hdf5::register_lzf();
    const unsigned declared = static_cast<unsigned char>(bytes[0]) | static_cast<unsigned>(static_cast<unsigned char>(bytes[1])) << 8 | static_cast<unsigned>(static_cast<unsigned char>(bytes[2])) << 16;
    bytes.remove_prefix(3);
    const unsigned settings[3] = {4, 261, declared};
    std::size_t allocated = bytes.size();
    void* buffer = std::malloc(std::max<std::size_t>(bytes.size(), 1));
    std::copy(bytes.begin(), bytes.end(), static_cast<char*>(buffer));
    const std::size_t length = registered_filter()(H5Z_FLAG_REVERSE, 3, settings, bytes.size(), &allocated, &buffer);
    unsigned sum = 0;
    for (std::size_t i = 0; i < length; ++i) sum += static_cast<unsigned char*>(buffer)[i];   // every byte is there
    volatile unsigned kept = sum;
    (void)kept;
    std::free(buffer);
    require(length <= allocated, "a decoded chunk inside its memory");
}

// Whatever lies in a zoo's folder: which format claims it, what it is called, whether it loads.
void any_bytes(std::string_view bytes) {
    const std::string path = put("file.keras", bytes);
    guard([&] { formats::looks_like_checkpoint(path); });
    guard([&] { formats::describe(path); });
    guard([&] {
        if (const auto model = formats::load_checkpoint(path)) check(*model);
    });
    guard([&] { check(formats::load_model(path)); });
}

}  // namespace

std::span<const NamedTarget> targets() {
    static constexpr std::array raw{std::string_view("tfrecord"), std::string_view("lzf"), std::string_view("any_bytes")};
#define FUZZ_TARGET(name) {#name, name, std::find(raw.begin(), raw.end(), #name) == raw.end()},
    static const NamedTarget all[] = {
#include "tests/fuzz/targets.def"
    };
#undef FUZZ_TARGET
    return all;
}

const NamedTarget& target(std::string_view name) {
    for (const NamedTarget& row : targets())
        if (row.name == name) return row;
    throw std::invalid_argument("no fuzz target " + std::string(name));
}

}  // namespace assay::fuzz
