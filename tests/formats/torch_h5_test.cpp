// PyTorch state dicts in HDF5, as `for name, value in net.state_dict().items(): file.create_dataset(name, data=value)` writes them.

#include "formats/candidate.hpp"
#include "tests/formats/formats_support.hpp"
#include "tests/formats/keras_writer.hpp"
#include "tests/support/support.hpp"

namespace assay::formats {
namespace {

namespace fs = std::filesystem;
using model::Role;
using test::count_up;
using test::H5Writer;
using test::Scratch;

// separator '.': all in the root; '/': in groups.
void write_state_dict(const fs::path& path, char separator) {
    H5Writer file(path);
    const auto array = [&](std::string name, const Shape& shape, hid_t type = H5T_IEEE_F32LE) {
        for (char& c : name)
            if (c == '.') c = separator;
        file.array(name, shape, count_up(shape), type);
    };
    array("features.10.weight", {2, 3, 2, 2});
    array("features.10.bias", {2});
    array("features.2.weight", {3});
    array("features.2.bias", {3});
    array("features.2.running_mean", {3});
    array("features.2.running_var", {3});
    array("features.2.num_batches_tracked", {}, H5T_STD_I64LE);
    array("features.0.weight", {3, 1, 5});
    array("classifier.weight", {4, 2});
    array("classifier.bias", {4});
    array("embed.weight", {7, 2});
    array("rnn.weight_ih_l0", {8, 3});
    array("rnn.weight_hh_l0", {8, 2});
    array("rnn.bias_ih_l0", {8});
    array("act.weight", {1});
}

const model::Parameter& parameter(const model::Model& model, const std::string& name) {
    for (const model::Parameter& one : model.parameters)
        if (one.name == name) return one;
    throw std::runtime_error("no parameter " + name);
}

TEST(TorchH5, BecomesCanonicalWithRolesAndANaturalOrder) {
    const Scratch scratch;
    for (const char separator : {'.', '/'}) {
        write_state_dict(scratch / "net.h5", separator);
        const model::Model model = load_model(scratch / "net.h5");
        EXPECT_EQ(model.format, "torch-h5");
        EXPECT_FALSE(model.architecture.has_value());
        std::string order;
        for (const model::Parameter& one : model.parameters) order += (order.empty() ? "" : " ") + one.name;
        EXPECT_EQ(order, "act/weight classifier/weight classifier/bias embed/weight features.0/weight features.2/weight features.2/bias features.2/running_mean "
                         "features.2/running_var features.10/weight features.10/bias rnn/weight_ih_l0 rnn/weight_hh_l0 rnn/bias_ih_l0");
        struct Case { const char* name; Role role; Shape shape; bool trainable; };
        for (const Case& one : std::vector<Case>{{"classifier/weight", Role::kernel, {2, 4}, true},  {"classifier/bias", Role::bias, {4}, true},
                                                 {"features.0/weight", Role::kernel, {5, 1, 3}, true}, {"features.10/weight", Role::kernel, {2, 2, 3, 2}, true},
                                                 {"features.2/weight", Role::gamma, {3}, true},       {"features.2/bias", Role::beta, {3}, true},
                                                 {"features.2/running_mean", Role::moving_mean, {3}, false}, {"features.2/running_var", Role::moving_variance, {3}, false},
                                                 {"embed/weight", Role::embeddings, {7, 2}, true},    {"rnn/weight_ih_l0", Role::kernel, {3, 8}, true},
                                                 {"rnn/weight_hh_l0", Role::recurrent_kernel, {2, 8}, true}, {"act/weight", Role::other, {1}, true}}) {
            EXPECT_EQ(parameter(model, one.name).role, one.role) << one.name;
            EXPECT_EQ(parameter(model, one.name).shape, one.shape) << one.name;
            EXPECT_EQ(parameter(model, one.name).trainable, one.trainable) << one.name;
        }
        EXPECT_EQ(model.weights[1].to_double(), (std::vector<double>{0, 2, 4, 6, 1, 3, 5, 7}));   // [out, in] became [in, out]
        const std::vector<double> conv = model.weights[9].to_double();                            // [out, in, h, w] became [h, w, in, out]
        for (std::size_t h = 0; h < 2; ++h)
            for (std::size_t w = 0; w < 2; ++w)
                for (std::size_t in = 0; in < 3; ++in)
                    for (std::size_t out = 0; out < 2; ++out) EXPECT_EQ(conv[((h * 2 + w) * 3 + in) * 2 + out], static_cast<double>(((out * 3 + in) * 2 + h) * 2 + w));
        EXPECT_TRUE(has_note(model, "sorted by name"));
        EXPECT_TRUE(has_note(model, "num_batches_tracked"));
    }
}

TEST(TorchH5, IsClaimedByItAloneAndClaimsNoOtherFiles) {
    const Scratch scratch;
    const auto claimed = [&](const std::function<void(H5Writer&)>& fill) {
        {
            H5Writer file(scratch / "f.h5");
            fill(file);
        }
        std::string names;
        Candidate candidate(scratch / "f.h5");
        for (const Format* format : catalogue())
            if (format->probe(candidate)) names += format->name;
        return names;
    };
    EXPECT_EQ(claimed([](H5Writer& file) { file.array("fc.weight", {2, 3}, count_up({6})); }), "torch-h5");
    EXPECT_EQ(claimed([](H5Writer& file) { file.array("layers/0/weight", {2, 3}, count_up({6})); }), "torch-h5");   // a module called as Keras 3 calls its container
    EXPECT_EQ(claimed([](H5Writer& file) { file.array("layers/dense/vars/0", {2, 3}, count_up({6})); }), "keras-3-weights");
    // Data sets, tables with a column called weight, another program's attributes, arrays of other names.
    EXPECT_EQ(claimed([](H5Writer& file) {
        file.array("train/x", {2, 3}, count_up({6}));
        file.array("train/weight", {2, 3}, count_up({6}));
    }), "");
    EXPECT_EQ(claimed([](H5Writer& file) { file.array("weight", {2, 3}, count_up({6})); }), "");
    EXPECT_EQ(claimed([](H5Writer& file) { file.array("animals/weight", {6}, count_up({6})); }), "");
    EXPECT_EQ(claimed([](H5Writer& file) {
        file.array("fc.weight", {2, 3}, count_up({6}));
        file.text("/", "author", "another program");
    }), "");
    EXPECT_EQ(claimed([](H5Writer& file) {
        file.array("fc.weight", {2, 3}, count_up({6}));
        for (const char* name : {"temperature", "pressure"}) file.array(name, {2}, {1, 2});
    }), "");
    EXPECT_EQ(claimed([](H5Writer& file) {
        file.array("fc.weight", {2, 3}, count_up({6}));
        file.array("fc.scale", {2}, {1, 2});   // a parameter of a module of one's own
    }), "torch-h5");
}

TEST(TorchH5, OfACrowdCountingNetworkIsRead) {
    ASSAY_NEEDS_SHARED("models/public/gpspelle__Crowd-Counting");
    const model::Model model = load_model(test::shared_folder() / "models/public/gpspelle__Crowd-Counting/final_models__mcnn_shtechA_660.h5");
    EXPECT_EQ(model.format, "torch-h5");
    std::int64_t count = 0;
    for (const model::Parameter& one : model.parameters) count += element_count(one.shape);
    EXPECT_EQ(count, 127953);
    EXPECT_EQ(parameter(model, "DME.branch1.2.conv/weight").shape, (Shape{7, 7, 16, 32}));
}

}  // namespace
}  // namespace assay::formats
