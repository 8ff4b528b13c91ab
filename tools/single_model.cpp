#include "tools/single_model.hpp"

#include "libanalysis/core/context.hpp"
#include "libanalysis/measures/catalogue.hpp"
#include "libanalysis/zoo/manifest.hpp"
#include "libanalysis/zoo/protocol.hpp"
#include "tools/device.hpp"
#include "tools/device_list.hpp"
#include "tools/interrupt.hpp"
#include "tools/output_file.hpp"
#include "tools/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace assay::tools {

namespace po = boost::program_options;

namespace {

// "1 2 3" on a command line are three words, "1,2,3" is one.
std::vector<double> numbers_of(const std::string& option, const std::vector<std::string>& words) {
    std::vector<double> numbers;
    for (const std::string& word : words)
        for (std::size_t start = 0; start <= word.size();) {
            const std::size_t end = std::min(word.find(',', start), word.size());
            double number = 0;
            const auto [place, error] = std::from_chars(word.data() + start, word.data() + end, number);
            if (error != std::errc{} || place != word.data() + end || !std::isfinite(number))
                throw Error(ErrorKind::usage, {option, "numbers, one a channel, such as 125.3,123,113.9", word});
            numbers.push_back(number);
            start = end + 1;
        }
    return numbers;
}

}  // namespace

void ModelOptions::add_to(po::options_description& description) {
    description.add_options()
        ("data", po::value(&data)->value_name("FILE"), "the data set, an HDF5 file or a PGDL folder")
        ("scale", po::value(&scale)->value_name("S"), "what inputs are multiplied with, e.g. 1/255 (1, and said so)")
        ("offset", po::value(&offset)->value_name("X"), "added after scaling (0)")
        ("mean", po::value(&mean)->multitoken()->value_name("M"), "subtracted then, one a channel: --mean 125.3,123,113.9")
        ("std", po::value(&deviation)->multitoken()->value_name("D"), "divided by then, one a channel, likewise")
        ("architecture", po::value(&architecture)->value_name("FILE"), "the architecture of a weights-only file")
        ("lambda", po::value(&lambdas)->composing()->value_name("NAME=F"), "what a Lambda layer does, e.g. scale=x/255 or a=square; its Python code is never run")
        ("loss", po::value(&loss)->value_name("NAME"), "the loss, where the file does not tell it")
        ("precision", po::value(&precision)->value_name("P"), "float32, or float64 to certify (float32)")
        ("device", po::value(&device)->value_name("D"), "where to compute: cpu, cuda, cuda:N or auto; `assay devices` lists them (cpu)")
        ("tf32", po::bool_switch(&tf32), "with --device cuda: products of float32 in TF32, about three digits")
        ("threads", po::value(&threads)->value_name("N"), "threads (the cores this process may use)")
        ("timeout", po::value(&timeout)->value_name("S"), "seconds until the work is given up (no limit)")
        ("json", po::bool_switch(), "print JSON");
}

Json ModelOptions::arguments(const std::string& path) const {
    const DeviceOption where = parse_device(device);
    Json result{{"path", path}, {"architecture", architecture}, {"lambdas", Json::object()}, {"data", data}, {"loss", loss}, {"precision", precision_word(precision, tf32, where)},
                {"device", device_word(where)}, {"memory", memory > 0 ? Json(memory) : Json()}};
    for (const std::string& one : lambdas) {
        const auto [layer, expression] = name_and_value(one, "--lambda", "NAME=EXPRESSION, such as scale=x/255");
        if (!result["lambdas"].emplace(layer, expression).second) throw Error(ErrorKind::usage, {"--lambda", "one function for each layer", "two for " + layer});
    }
    if (threads < 0) throw Error(ErrorKind::usage, {"--threads", "a number from 1 on (or 0: all that this process may use)", std::to_string(threads)});
    result["preprocessing"] = {{"scale", scale.empty() ? 1.0 : zoo::parse_scale(scale, "--scale")}, {"offset", offset}, {"mean", numbers_of("--mean", mean)},
                               {"deviation", numbers_of("--std", deviation)}, {"declared", !scale.empty() || offset != 0 || !mean.empty() || !deviation.empty()}};
    return result;
}

void ModelOptions::protect_inputs(const std::string& option, const std::string& output, const std::string& path, std::initializer_list<std::string> others) const {
    check_is_no_input(option, output, std::array{path, architecture, data});
    check_is_no_input(option, output, std::vector<std::string>(others));
}

Json ModelOptions::run(std::string_view task, const Json& arguments, const std::function<void(const Json&)>& item) const {
    const Interrupt interrupt;
    zoo::WorkerLimits limits;
    limits.threads = threads > 0 ? threads : usable_processors();
    limits.budget = memory > 0 ? memory : usable_memory() / 2;
    limits.memory = usable_memory() - usable_memory() / 8;
    limits.timeout_s = timeout;
    const std::string where = arguments.at("device").get<std::string>();
    if (where != "cpu") heed_scheduler(interrupt.token());
    if (where != "auto") return zoo::run_in_worker(task, arguments, limits, item, interrupt.token());
    Json asked = arguments;
    asked["task"] = task;
    const Json choice = zoo::run_in_worker("choose_device", asked, limits, {}, interrupt.token());
    fmt::print(stderr, "{}", wrapped("device: " + choice.at("words").get<std::string>()));
    asked["device"] = choice.at("device");
    Json result = zoo::run_in_worker(task, asked, limits, item, interrupt.token());
    result["device_choice"] = choice.at("words");
    return result;
}

Json measure_words(const std::string& list) {
    Json words = Json::array();
    for (const measures::Request& request : measures::parse_requests(list)) {
        std::string word(request.measure->name);
        if (!request.parameters.empty()) word += fmt::format("[{}]", measures::to_string(request.parameters));
        words.push_back(word);
    }
    return words;
}

Json applied_preprocessing(const Json& arguments, const Json& result) {
    Json applied = arguments.at("preprocessing");
    if (applied.at("declared").get<bool>() || !result.at("facts").contains("preprocessing")) return applied;
    applied.update(result["facts"]["preprocessing"]);
    applied["declared"] = true;
    return applied;
}

void print_device(const Json& result) {
    if (result.value("device", "cpu") != "cpu") fmt::print("{}", wrapped("device: " + printable(result.at("device_description").get<std::string>())));
    for (const Json& note : result.value("device_notes", Json::array())) fmt::print("{}", wrapped("device: " + printable(note.get<std::string>())));
}

void print_json(Json json) {
    Json all{{"schema_version", 1}};
    all.update(json);
    fmt::print("{}\n", all.dump(2, ' ', false, Json::error_handler_t::replace));
}

void print_notes(const Json& result) {
    for (const Json& note : result.value("notes", Json::array())) fmt::print("{}", wrapped("note: " + printable(note.get<std::string>())));
}

std::string shape_in_words(const Json& shape) {
    if (!shape.is_array()) return "?";
    std::string words;
    for (const Json& extent : shape) words += fmt::format("{}{}", words.empty() ? "" : " x ", extent.get<std::int64_t>());
    return words.empty() ? "1" : words;
}

}  // namespace assay::tools
