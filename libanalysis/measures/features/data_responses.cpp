// What the network answers to data that nobody labelled: the test inputs, without their labels.

#include "libanalysis/measures/features/responses.hpp"
#include "libanalysis/measures/features/statistics.hpp"

namespace assay::measures {
namespace {

constexpr std::int64_t samples = 512;

std::vector<Value> compute(Subject& subject, const Parameters&) {
    data::Rows rows = *subject.rows("test");
    if (rows.count() > samples) rows.indices = data::sample_rows(rows.indices, samples, Seed{}.child("data_responses"));   // the same for every model
    return features::responses(subject, std::span(&rows, 1));
}

}  // namespace

extern const Measure data_responses{
    .name = "data_responses",
    .formula = R"(\text{statistics of } f(x) \text{ and its activations, } x \text{ test inputs without labels})",
    .source = "unterthiner2020predicting",
    .needs = Need::weights | Need::architecture | Need::test_data,
    .direction = Direction::none,
    .conventions = "positional,pooled",
    .cost = features::price,
    .doc = "What the network answers to 512 inputs of the test part, drawn by a fixed seed, whose labels are not read: the statistics of synthetic_responses. "
           "Layer by layer or pooled.",
    .compute = compute,
};

}  // namespace assay::measures
