// The entry of every fuzzer over its seeds, over what fuzzing once found, and over mutations of both with a fixed seed.

#include "formats/format.hpp"
#include "formats/hdf5.hpp"
#include "tests/fuzz/mutation.hpp"
#include "tests/fuzz/seeds.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/support/refusal.hpp"
#include "tests/support/support.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <set>

namespace assay::fuzz {
namespace {

constexpr int mutations = 400;   // of each layout

class Fuzzer : public testing::TestWithParam<NamedTarget> {};

std::vector<std::string> findings(std::string_view target) {
    std::vector<std::string> all;
    const std::filesystem::path folder = test::source_folder() / "tests/fuzz/findings" / target;
    if (std::filesystem::exists(folder))
        for (const auto& entry : std::filesystem::directory_iterator(folder)) all.push_back(test::read_file(entry.path()));
    std::sort(all.begin(), all.end());
    return all;
}

TEST_P(Fuzzer, RefusesOrReadsSeedsFindingsAndTheirMutations) {
    std::vector<std::string> pool = seeds(GetParam().name);
    for (std::string& finding : findings(GetParam().name)) pool.push_back(std::move(finding));
    for (const std::string& bytes : pool) ASSERT_NO_THROW(GetParam().run(bytes));
    Random random(20);
    for (int i = 0; i < mutations; ++i) {
        const std::string& from = pool[random() % pool.size()];
        const std::string bytes = GetParam().is_tree && random() % 4 != 0 ? mutate_tree(from, random) : mutate_bytes(from, random);
        ASSERT_NO_THROW(GetParam().run(bytes)) << GetParam().name << ", mutation " << i;
        if (random() % 2 == 0 && bytes.size() < 65536) pool.push_back(bytes);
    }
}

INSTANTIATE_TEST_SUITE_P(Layouts, Fuzzer, testing::ValuesIn(targets().begin(), targets().end()), [](const auto& test) { return std::string(test.param.name); });

// A fuzzer whose seeds were refused at the door would test the door alone.
TEST(Seeds, AreReadByTheirLayouts) {
    const test::Scratch scratch;
    std::set<std::string> formats;
    for (const char* name : {"assay_graph", "keras_h5", "keras_weights", "keras_three_weights", "keras_numbered_weights", "torch_h5"})
        for (const std::string& seed : seeds(name)) {
            test::write_file(scratch / "model.h5", seed);
            const model::Model model = formats::load_model(scratch / "model.h5");
            EXPECT_GE(model.parameters.size(), 2u) << name;
            formats.insert(model.format);
        }
    EXPECT_EQ(formats, (std::set<std::string>{"assay-graph", "keras-h5", "keras-weights", "keras-3-weights", "keras-0-weights", "torch-h5"}));
    test::write_file(scratch / "data.h5", seeds("data_set").front());
    const data::Dataset set = formats::open_dataset(scratch / "data.h5");
    EXPECT_EQ(set.train->rows(), 4);
    EXPECT_EQ(set.test->rows(), 2);
}

// Past findings that no mutation of a small seed would meet again.

TEST(Findings, GroupsThatLeadBackToEachOtherAreLookedAtOnce) {
    Tree tree;
    tree.nodes.resize(2);
    for (Node& node : tree.nodes)
        for (std::size_t i = 0; i < 300; ++i) node.links.push_back({.name = "g" + std::to_string(i), .kind = LinkClass::hard, .node = i % 2, .target = ""});
    const auto started = std::chrono::steady_clock::now();
    for (const char* name : {"keras_three_weights", "torch_h5", "any_bytes"}) EXPECT_NO_THROW(target(name).run(encode(tree)));
    EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(10)) << "it took minutes when every path was followed";
}

TEST(Findings, AFileCannotClaimToStoreMoreThanItHas) {
    Tree tree;
    tree.nodes.resize(2);
    tree.nodes[0].links.push_back({.name = "a.weight", .kind = LinkClass::hard, .node = 1, .target = ""});
    Node& array = tree.nodes[1];
    array.kind = NodeKind::dataset;
    array.array.extents = {std::uint64_t{1} << 20, std::uint64_t{1} << 20};
    array.stored = std::uint64_t{1} << 42;
    const test::Scratch scratch;
    test::write_file(scratch / "model.h5", encode(tree));
    const formats::hdf5::File file(scratch / "model.h5");
    EXPECT_EQ(test::refusal([&] { file.dataset("a.weight"); }).kind(), ErrorKind::resource);
}

TEST(Targets, AreAllLayoutsAndMore) {
#define FORMAT(name) EXPECT_NO_THROW(target(#name)) << "no fuzzer of the layout " << #name;
#include "formats/formats.def"
#undef FORMAT
    for (const NamedTarget& target : targets()) EXPECT_FALSE(seeds(target.name).empty()) << target.name;
}

TEST(Encoding, GivesTheSameTreeBack) {
    for (const NamedTarget& target : targets()) {
        if (!target.is_tree) continue;
        for (const std::string& seed : seeds(target.name)) EXPECT_EQ(encode(decode(seed)), seed) << target.name;
    }
}

}  // namespace
}  // namespace assay::fuzz
