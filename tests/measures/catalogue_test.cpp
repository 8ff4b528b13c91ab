#include "libanalysis/core/error.hpp"
#include "tests/measures/models.hpp"
#include "tests/support/support.hpp"

#include <set>

namespace assay::measures {
namespace {

TEST(Catalogue, IsSortedByNameWithoutDoubles) {
    std::vector<std::string_view> names;
    for (const Measure* measure : catalogue()) names.push_back(measure->name);
    EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
    EXPECT_EQ(std::set<std::string_view>(names.begin(), names.end()).size(), names.size());
    EXPECT_GE(names.size(), 20u);
}

TEST(Catalogue, RowsAreComplete) {
    for (const Measure* measure : catalogue()) {
        EXPECT_FALSE(measure->formula.empty()) << measure->name;
        EXPECT_FALSE(measure->doc.empty()) << measure->name;
        EXPECT_TRUE(has(measure->needs, Need::weights)) << measure->name;
        EXPECT_NE(measure->compute, nullptr) << measure->name;
        EXPECT_EQ(find_measure(measure->name), measure);
        EXPECT_FALSE(family_of(*measure).empty()) << measure->name;
    }
}

TEST(Catalogue, SourcesAreInTheBibliography) {
    const std::string bibliography = test::read_file(test::source_folder() / "docs/references.bib");
    ASSERT_FALSE(bibliography.empty());
    for (const Measure* measure : catalogue())
        EXPECT_NE(bibliography.find("{" + std::string(measure->source) + ","), std::string::npos) << measure->name << ": " << measure->source;
}

TEST(Catalogue, PageIsCurrent) {
    EXPECT_TRUE(test::read_file(test::source_folder() / "docs/measures.md") == catalogue_markdown())
        << "Run `assay measures --markdown > docs/measures.md`.";
}

TEST(Catalogue, WhatNeedsTestLabelsSaysSo) {
    for (const Measure* measure : catalogue()) {
        const bool about_test = measure->name.starts_with("test_") || measure->name == "generalization_gap";
        EXPECT_EQ(has(measure->needs, Need::test_labels), about_test) << measure->name;
    }
}

TEST(Requests, NamesFamiliesAndParametersAreRead) {
    const auto requests = parse_requests("masked_accuracy[sparsity=0.90], spectral_norm,size");
    ASSERT_EQ(requests.size(), 7u);
    EXPECT_EQ(requests[0].measure, &masked_accuracy);
    EXPECT_EQ(requests[0].parameters, (Parameters{{"sparsity", "0.9"}}));
    EXPECT_EQ(requests[1].measure, &spectral_norm);
    EXPECT_EQ(requests[2].measure, &depth);
    EXPECT_EQ(parse_requests("margins").size(), parse_requests("margin").size());
    EXPECT_EQ(parse_requests("depth,depth,size").size(), 5u);
}

TEST(Requests, AllLeavesOutWhatStatesACost) {
    std::set<const Measure*> all, dear;
    for (const Request& request : parse_requests("all")) all.insert(request.measure);
    for (const Measure* measure : catalogue()) {
        EXPECT_EQ(all.contains(measure), measure->cost.empty()) << measure->name;
        if (!measure->cost.empty()) dear.insert(measure);
    }
    EXPECT_GE(dear.size(), 10u);
    for (const Measure* measure : dear) {   // by name and by family they are there
        EXPECT_EQ(parse_requests(measure->name).front().measure, measure);
        const auto family = parse_requests(family_of(*measure));
        EXPECT_TRUE(std::any_of(family.begin(), family.end(), [&](const Request& request) { return request.measure == measure; })) << measure->name;
    }
}

TEST(Requests, MistakesNameTheWordAndNearNames) {
    const auto message = [](std::string_view list) -> std::string {
        try {
            parse_requests(list);
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::usage);
            return error.what();
        }
        return "accepted";
    };
    EXPECT_NE(message("spectral_nrom").find("spectral_norm"), std::string::npos);
    EXPECT_NE(message("masked_accuracy[sparcity=0.9]").find("sparcity"), std::string::npos);
    EXPECT_NE(message("masked_accuracy[sparsity=half]").find("half"), std::string::npos);
    EXPECT_NE(message("masked_accuracy[sparsity=0.9"), "accepted");
    EXPECT_NE(message("norm[x=1]"), "accepted");
    EXPECT_NE(message(" , "), "accepted");
}

TEST(Requests, DefaultsAreEveryAlternative) {
    EXPECT_EQ(alternatives_of(masked_accuracy).size(), 2u);
    EXPECT_EQ(alternatives_of(margin_quantile, {{"quantile", "0.3"}}), (std::vector<Parameters>{{{"quantile", "0.3"}}}));
    EXPECT_EQ(alternatives_of(depth), (std::vector<Parameters>{{}}));
}

TEST(Columns, CarryParametersAndConvention) {
    EXPECT_EQ(column_name("path_norm", {.convention = "exact"}), "measure.path_norm.exact");
    EXPECT_EQ(column_name("masked_accuracy", {.parameters = {{"sparsity", "0.9"}}}), "measure.masked_accuracy[sparsity=0.9]");
    EXPECT_EQ(column_name("depth", {}), "measure.depth");
}

}  // namespace
}  // namespace assay::measures
