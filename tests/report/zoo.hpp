#pragma once
// A zoo made of numbers, with names that would be markup or commands if anything let them.

#include "libanalysis/report/page.hpp"

#include <cmath>

namespace assay::report::test {

inline constexpr const char* hostile = "</script><script>alert(1)</script><b>&\"'\n\xff.h5";

// 24 models on a grid of depth; `norm` orders test errors up to noise; `<i>odd</i>` is a measure with a name to escape.
inline Content zoo() {
    Content content;
    content.title = "A <zoo> & its models";
    const Seed seed{3};
    auto& table = content.table;
    for (std::uint64_t i = 0; i < 24; ++i) {
        const std::string path = i == 5 ? hostile : "model_" + std::to_string(i) + ".h5";
        const double error = 0.02 + 0.1 * seed.uniform(i);
        table.models.push_back(path);
        table.config["depth"].push_back(1 + i % 3);
        table.config["note"].push_back(i % 2 == 0 ? "<u>plain</u>" : "other");
        table.metrics["test_accuracy"].push_back(1 - error);
        table.metrics["train_accuracy"].push_back(0.999);
        table.measures["norm.exact"].push_back(std::log(error) + 0.2 * seed.normal(100 + i));
        table.measures["parameter_count"].push_back(1000.0 * static_cast<double>(1 + i % 3));
        table.measures["<i>odd</i>"].push_back(seed.normal(200 + i));
        table.measures["test_loss"].push_back(error);
        store::ModelRow row;
        row.path = path;
        row.content = std::to_string(i);
        row.status = "ok";
        content.models.push_back(row);
    }
    store::ModelRow failed;
    failed.path = "broken <img src=x onerror=alert(2)>.h5";
    failed.status = "failed";
    failed.error_kind = "format";
    failed.reason = "the file ends after 12 bytes <script>";
    failed.attempts = 2;
    content.models.push_back(failed);
    content.runs.push_back({{"host", "<host>"}, {"tool", "1.2.3"}});
    return content;
}

inline FindingsOptions finding() {
    FindingsOptions options;
    options.replicates = 50;
    options.refusal = [](std::string_view measure) { return measure == "test_loss" ? std::string("needs labelled test data") : std::string(); };
    options.needs_test_labels = [](std::string_view measure) { return measure == "test_loss"; };
    options.falls = [](std::string_view measure) { return measure == "<i>odd</i>" || measure == "margin"; };
    return options;
}

inline PageOptions options() {
    PageOptions options;
    options.store_name = "zoo.assay";
    options.tool_version = "1.2.3";
    options.describe = [](std::string_view) { return std::string("a \"measure\" <of> something"); };
    return options;
}

inline std::string page_of(const Content& content) { return page(content, find(content, finding()), options()); }

}  // namespace assay::report::test
