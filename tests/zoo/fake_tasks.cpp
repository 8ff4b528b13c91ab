#include "tests/zoo/fake_tasks.hpp"

#include "libanalysis/core/hash.hpp"
#include "tests/support/support.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <sstream>
#include <thread>

namespace assay::zoo {
namespace {

void log_run(const Json& arguments) {
    const char* name = std::getenv("FAKE_LOG");
    if (!name) return;
    const std::string line = std::to_string(getpid()) + " " + arguments.at("path").get<std::string>() + " " + arguments.at("measures").dump() + "\n";
    const int file = open(name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (write(file, line.data(), line.size()) < 0) std::abort();
    close(file);
}

double number_from(const std::string& text) { return std::stod("0x1." + hash_bytes(text).substr(0, 13) + "p0", nullptr); }

Json measure_model(const Json& arguments, const Context& context, const std::function<void(const Json&)>&) {
    const std::string path = arguments.at("path");
    std::istringstream text(test::read_file(path));
    std::string what;
    text >> what;
    log_run(arguments);
    if (what == "slow") {
        int milliseconds = 0;
        text >> milliseconds;
        std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    }
    if (what == "not_a_model") return {{"status", "not_a_model"}, {"content", hash_file(path)}};
    if (what == "format") throw Error(ErrorKind::format, {path, "a good file", "a bad one", "Save it again"});
    if (what == "unavailable") throw Error(ErrorKind::unavailable, {"kernel launch", "", "the device is lost"});
    if (what == "full") throw DeviceMemoryError({"memory of cuda:0", "2 MiB more", "1 MiB free"});
    if (what == "throw") throw std::runtime_error("thrown");
    if (what == "segv") raise(SIGSEGV);
    if (what == "abort") {
        fprintf(stderr, "some noise\nassertion failed: x > 0\n");
        std::abort();
    }
    if (what == "exit") _exit(3);
    if (what == "hang")
        for (;;) std::this_thread::sleep_for(std::chrono::seconds(1));
    if (what == "eat")
        for (std::vector<std::string> eaten;;) eaten.emplace_back(std::size_t{16} << 20, 'x');
    if (what == "print") {
        for (int i = 0; i < 2000; ++i) printf("{\"id\": 1, \"result\": \"garbage on standard output, line %d\"}\n", i);
        fflush(stdout);
    }
    if (what == "babble" && write(3, "this is no JSON\n", 16) < 0) std::abort();
    if (what == "close") close(1), close(2);

    const std::string content = hash_file(path);
    Json result = {{"status", "ok"}, {"content", content}, {"facts", {{"words", what}}}, {"values", Json::array()}};
    if (arguments.contains("device")) result["device"] = arguments.at("device");
    const std::string init = arguments.at("init");
    if (!init.empty()) result["init_content"] = hash_file(init);
    if (what == "notes") result["notes"] = {"test accuracy 0." + std::to_string(number_from(content)).substr(2, 2) + " at the declared scale 1: the scale looks wrong"};
    const std::string data = arguments.at("data");
    for (const Json& word : arguments.at("measures")) {
        const std::string request = word, name = request.substr(0, request.find('['));
        const bool needs_data = name.find("accuracy") != std::string::npos || name.ends_with("near_ties");
        const bool needs_init = name.starts_with("distance");
        Json value = {{"measure", name}, {"version", 1}, {"convention", ""}, {"parameters", request == name ? "" : request.substr(name.size() + 1, request.size() - name.size() - 2)},
                      {"objective", ""}, {"layer", ""}, {"precision", arguments.at("precision")}, {"seed", arguments.at("seed")}, {"status", "ok"}, {"reason", ""},
                      {"seconds", 0.001}, {"needs_init", needs_init}, {"data_key", ""}};
        std::string seed_text = content + name;
        if (needs_data) {
            if (data.empty()) {
                value["value"] = nullptr;
                value["status"] = "missing";
                value["reason"] = "no data";
                result["values"].push_back(value);
                continue;
            }
            value["data_key"] = hash_file(data) + " " + arguments.at("preprocessing").dump() + arguments.at("train_rows").dump();
            seed_text += value["data_key"].get<std::string>();
        }
        if (needs_init) seed_text += result.value("init_content", "");
        value["value"] = name.ends_with("near_ties") ? Json(2) : number_to_json(number_from(seed_text));
        if (name == "strange") value["value"] = "nan";
        result["values"].push_back(value);
        if (name == "norm") {
            value["layer"] = "dense";
            value["value"] = {number_from(seed_text + "0"), number_from(seed_text + "1"), "inf"};
            result["values"].push_back(value);
        }
    }
    result["threads"] = context.threads;
    return result;
}

Json echo(const Json& arguments, const Context& context, const std::function<void(const Json&)>& item) {
    item({{"part", 1}});
    if (context.on_progress) context.on_progress(0.5);
    return {{"arguments", arguments}, {"threads", context.threads}, {"memory", context.memory}};
}

constexpr Task measure_model_task{"measure_model", measure_model};
constexpr Task echo_task{"echo", echo};

}  // namespace

std::span<const Task* const> fake_tasks() {
    static constexpr const Task* all[] = {&measure_model_task, &echo_task};
    return all;
}

}  // namespace assay::zoo
