#include "libanalysis/measures/run.hpp"

#include "libanalysis/measures/values.hpp"

#include <chrono>
#include <new>
#include <set>

namespace assay::measures {
namespace {

std::set<std::string, std::less<>> ingredients_of(const Measure& measure) {
    std::set<std::string, std::less<>> names;
    std::string_view rest = measure.ingredients;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(','), rest.size());
        names.emplace(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return names;
}

std::string stated(const Subject& subject, std::string_view what, std::string otherwise) {
    const std::string& reason = subject.absence(what);
    return reason.empty() ? otherwise : reason;
}

std::string lacking_rows(const Subject& subject, const std::string& split, bool labels, const std::string& words) {
    const data::Rows* rows = subject.rows(split);
    if (!rows) return stated(subject, split, "needs " + words + " data");
    if (labels && !rows->split->has_labels() && rows->split->target_size() == 0) return "needs " + words + " labels";
    return {};
}

std::vector<Value> refused(const Measure& measure, const std::string& reason) {
    std::vector<Value> values;
    for (const std::string& convention : conventions_of(measure)) values.push_back(missing(reason, convention));
    return values;
}

std::vector<Value> computed(Subject& subject, const Measure& measure, const Parameters& parameters) {
    try {
        return measure.compute(subject, parameters);
    } catch (const Error& error) {
        if (is_circumstance(error) || error.kind() == ErrorKind::usage) throw;
        return refused(measure, error.what());
    } catch (const std::bad_alloc&) {
        return refused(measure, "not enough memory");
    }
}

}  // namespace

std::string lacking(Subject& subject, const Measure& measure) {
    if (has(measure.needs, Need::init) && !subject.weights("init")) return stated(subject, "init", "needs initial weights");
    for (const auto& [split, data, labels, words] : {std::tuple{"train", Need::train_data, Need::train_labels, "training"},
                                                     std::tuple{"test", Need::test_data, Need::test_labels, "test"}})
        if (has(measure.needs, data))
            if (std::string reason = lacking_rows(subject, split, has(measure.needs, labels), words); !reason.empty()) return reason;
    if (has(measure.needs, Need::architecture)) {
        if (!subject.model().architecture) return stated(subject, "architecture", "no architecture in a weights-only file");
        try {
            subject.network();
        } catch (const Error& error) {
            if (is_circumstance(error)) throw;
            return error.what();
        }
    }
    return {};
}

std::vector<Row> measure_all(Subject& subject, std::span<const Request> requests, const std::function<void(const Row&)>& done) {
    engine::make_thread_serial();
    std::vector<Row> rows;
    for (std::size_t i = 0; i < requests.size(); ++i) {
        subject.context().check_stop();
        const Measure& measure = *requests[i].measure;
        std::string reason;
        for (const Parameters& parameters : alternatives_of(measure, requests[i].parameters)) {
            const auto start = std::chrono::steady_clock::now();
            reason = lacking(subject, measure);
            std::vector<Value> values = reason.empty() ? computed(subject, measure, parameters) : refused(measure, reason);
            const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
            const double share = values.empty() ? 0 : seconds / static_cast<double>(values.size());
            for (Value& value : values) {
                value.parameters = parameters;
                rows.push_back({&measure, std::move(value), share});
                if (done) done(rows.back());
            }
        }
        std::set<std::string, std::less<>> wanted;
        for (std::size_t j = i + 1; j < requests.size(); ++j) wanted.merge(ingredients_of(*requests[j].measure));
        for (const std::string& ingredient : ingredients_of(measure))
            if (!wanted.contains(ingredient)) subject.forget(ingredient);
        if (subject.context().on_progress) subject.context().on_progress(static_cast<double>(i + 1) / static_cast<double>(requests.size()));
    }
    return rows;
}

}  // namespace assay::measures
