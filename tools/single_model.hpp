#pragma once
// What the verbs on one checkpoint share: options about the model and its inputs, and running their work in a worker.

#include "libanalysis/core/error.hpp"
#include "libanalysis/core/json.hpp"
#include "tools/parse.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace assay::tools {

struct ModelOptions {
    std::string architecture, data, scale, loss, precision = "float32", device = "cpu";
    bool tf32 = false;
    double offset = 0;
    std::vector<std::string> mean, deviation;   ///< numbers, one a word or several with commas
    std::vector<std::string> lambdas;   ///< "NAME=EXPRESSION"
    int threads = 0;
    double timeout = 0;
    std::size_t memory = 0;   ///< bytes the work may hold; 0: half of what this process may use, four fifths of what is free on a device

    void add_to(boost::program_options::options_description& description);

    /// The arguments of a task: "path", "architecture", "lambdas", "data", "preprocessing", "loss", "precision", "device", "memory".
    /// @throws Error{usage}
    Json arguments(const std::string& path) const;
    /// Nothing that is read is written to: neither the checkpoint, nor its data or architecture, nor `others`. An empty `output`: none.
    /// @throws Error{usage}
    void protect_inputs(const std::string& option, const std::string& output, const std::string& path, std::initializer_list<std::string> others = {}) const;
    /// Runs the task in a worker of its own; SIGINT and SIGTERM end it. `item` sees what the task publishes meanwhile. With --device auto
    /// another worker chooses first; the choice is said on standard error and in the result's "device_choice". @throws Error
    Json run(std::string_view task, const Json& arguments, const std::function<void(const Json&)>& item = {}) const;
};

/// The argument "measures" of a task for a list of measures as --measures takes it. @throws Error{usage}
Json measure_words(const std::string& list);
/// What the arguments declare, or else what the model's file does by the facts in a task's result: with "declared".
Json applied_preprocessing(const Json& arguments, const Json& result);
void print_json(Json json);                       ///< with "schema_version" first
void print_notes(const Json& result);             ///< "note: ..." for each of result["notes"]
void print_device(const Json& result);            ///< "device: cuda: NVIDIA ...", where it is not the CPU, and its notes
std::string shape_in_words(const Json& shape);    ///< "28 x 28 x 1", "?" for null

}  // namespace assay::tools
