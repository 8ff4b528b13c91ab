#include "libanalysis/zoo/supervisor.hpp"
#include "libanalysis/zoo/worker_process.hpp"
#include "tests/support/support.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <map>
#include <thread>

namespace assay::zoo {
namespace {

using test::Scratch;
using test::write_file;

Json arguments(const std::filesystem::path& path) {
    return {{"path", path.string()}, {"init", ""}, {"architecture", ""}, {"data", ""}, {"preprocessing", Json::object()}, {"train_rows", nullptr}, {"samples", 0},
            {"loss", ""}, {"measures", {"norm"}}, {"precision", "float32"}, {"seed", 0}};
}

TEST(RunInWorker, ReturnsResultItemsAndLimits) {
    std::vector<Json> items;
    const Json hard = {{"x", number_to_json(0.1)}, {"text", "quo\"te\nline \xc3\xbc"}, {"minus", -0.0}};
    const Json result = run_in_worker("echo", hard, {.timeout_s = 20, .memory = 0, .threads = 3, .budget = 12345}, [&](const Json& item) { items.push_back(item); });
    EXPECT_EQ(result.at("arguments"), hard);
    EXPECT_TRUE(std::signbit(result.at("arguments").at("minus").get<double>()));
    EXPECT_EQ(result.at("threads"), 3);
    EXPECT_EQ(result.at("memory"), 12345);
    ASSERT_EQ(items.size(), 1u);
}

TEST(RunInWorker, GivesTheTasksOwnErrorAndSurvivesACrash) {
    const Scratch scratch;
    write_file(scratch / "bad", "format");
    write_file(scratch / "segv", "segv");
    write_file(scratch / "hang", "hang");
    try {
        run_in_worker("measure_model", arguments(scratch / "bad"), {});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::format);
        EXPECT_EQ(error.parts().advice, "Save it again");
    }
    try {
        run_in_worker("measure_model", arguments(scratch / "segv"), {});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::resource);
    }
    EXPECT_THROW(run_in_worker("measure_model", arguments(scratch / "hang"), {.timeout_s = 0.2}), Error);
    EXPECT_THROW(run_in_worker("no such task", Json::object(), {}), Error);
}

// What each kind of misbehaviour ends as, whatever runs beside it.
std::map<std::string, Outcome> outcomes(const Scratch& scratch, int workers, std::size_t group) {
    std::vector<std::string> names;
    std::vector<Job> jobs;
    for (const char* name : {"a_ok", "b_segv", "c_ok", "d_hang", "e_eat", "f_exit", "g_print", "h_format", "i_throw", "j_not_a_model", "k_abort", "l_babble", "m_close", "n_ok"}) {
        write_file(scratch / name, std::string(name).substr(2));
        names.push_back(name);
        jobs.push_back({arguments(scratch / name), 1});
    }
    SupervisorOptions options;
    options.workers = workers;
    options.group_jobs = group;
    options.limits = {.timeout_s = 1.5, .memory = std::size_t{150} << 20, .threads = 1, .budget = std::size_t{40} << 20};
    std::map<std::string, Outcome> found;
    std::size_t calls = 0;
    EXPECT_TRUE(supervise("measure_model", jobs, options, {[&](std::size_t job, Outcome outcome, double) { found[names[job]] = std::move(outcome); ++calls; }, {}}, {}));
    EXPECT_EQ(calls, jobs.size());
    return found;
}

TEST(Supervisor, ChargesEveryMisbehaviourToItsOwnJob) {
    const Scratch scratch;
    std::string first;
    for (const auto& [workers, group] : {std::pair{1, 1}, {2, 16}, {1, 16}}) {
        const auto found = outcomes(scratch, workers, static_cast<std::size_t>(group));
        const std::map<std::string, std::string> kinds{{"a_ok", ""}, {"b_segv", "crash"}, {"c_ok", ""}, {"d_hang", "timeout"}, {"e_eat", "memory"}, {"f_exit", "crash"},
                                                       {"g_print", ""}, {"h_format", "format"}, {"i_throw", "internal"}, {"j_not_a_model", ""}, {"k_abort", "crash"},
                                                       {"l_babble", "crash"}, {"m_close", ""}, {"n_ok", ""}};
        std::string all;
        for (const auto& [name, kind] : kinds) {
            EXPECT_EQ(found.at(name).kind, kind) << name << ": " << found.at(name).reason;
            all += name + found.at(name).kind + found.at(name).reason + found.at(name).result.dump() + "\n";
        }
        EXPECT_THAT(found.at("d_hang").reason, testing::HasSubstr("1.5 s"));
        EXPECT_THAT(found.at("e_eat").reason, testing::HasSubstr("150 MiB"));
        EXPECT_THAT(found.at("f_exit").reason, testing::HasSubstr("exit code 3"));
        EXPECT_THAT(found.at("k_abort").reason, testing::HasSubstr("assertion failed: x > 0"));
        EXPECT_THAT(found.at("h_format").reason, testing::HasSubstr("Save it again"));
        EXPECT_EQ(found.at("j_not_a_model").result.at("status"), "not_a_model");
        if (first.empty()) first = all;
        EXPECT_EQ(all, first) << "outcomes depend on workers or groups";
    }
}

// Quick jobs wait in a worker's input: those behind a failure must go elsewhere, unbegun and uncharged.
TEST(Supervisor, RunsWhatWaitedBehindAFailureOnceAndElsewhere) {
    const Scratch scratch;
    std::vector<Job> jobs;
    for (int i = 0; i < 80; ++i) {
        const std::string name = std::to_string(100 + i);
        write_file(scratch / name, i == 17 ? "format" : i == 33 ? "segv" : i == 50 ? "hang" : "ok");
        jobs.push_back({arguments(scratch / name), 1});
    }
    for (const int workers : {1, 2}) {
        write_file(scratch / "log", "");
        setenv("FAKE_LOG", (scratch / "log").c_str(), 1);
        SupervisorOptions options;
        options.workers = workers;
        options.limits = {.timeout_s = 0.5};
        std::map<std::size_t, std::string> kinds;
        EXPECT_TRUE(supervise("measure_model", jobs, options, {[&](std::size_t job, Outcome outcome, double) { kinds[job] = outcome.kind; }, {}}, {}));
        unsetenv("FAKE_LOG");
        std::map<std::string, std::vector<std::string>> processes;   // of each job
        std::istringstream log(test::read_file(scratch / "log"));
        for (std::string pid, path, measures; log >> pid >> path >> measures;) processes[std::filesystem::path(path).filename()].push_back(pid);
        ASSERT_EQ(kinds.size(), jobs.size());
        for (std::size_t i = 0; i < jobs.size(); ++i) {
            EXPECT_EQ(kinds[i], i == 17 ? "format" : i == 33 ? "crash" : i == 50 ? "timeout" : "") << i;
            const auto& ran = processes[std::to_string(100 + i)];
            if (kinds[i].empty()) {
                EXPECT_EQ(ran.size(), 1u) << i;
            } else {
                EXPECT_LE(ran.size(), 2u) << i << " is tried again once, alone";
            }
        }
    }
}

TEST(Supervisor, DealsDevicesToItsWorkersInTurn) {
    for (const int workers : {1, 3}) {
        std::vector<Job> jobs(12);
        for (std::size_t i = 0; i < jobs.size(); ++i) jobs[i].arguments = {{"job", i}, {"device", "cpu"}};
        SupervisorOptions options;
        options.workers = workers;
        options.group_jobs = 2;
        options.worker_arguments = {{{"device", "cuda:0"}}, {{"device", "cuda:1"}}};
        std::map<std::string, int> devices;
        EXPECT_TRUE(supervise("echo", jobs, options, {[&](std::size_t job, Outcome outcome, double) {
                                  EXPECT_EQ(outcome.result.at("arguments").at("job"), job) << "the rest is the job's own";
                                  ++devices[outcome.result.at("arguments").at("device").get<std::string>()];
                              }, {}}, {}));
        EXPECT_EQ(devices["cuda:0"] + devices["cuda:1"], 12);
        if (workers == 1) {
            EXPECT_EQ(devices["cuda:0"], 12) << "one worker has one device";
        }
    }
}

TEST(Supervisor, StopsAtOnceAndKillsItsWorkers) {
    const Scratch scratch;
    write_file(scratch / "hang", "hang");
    setenv("FAKE_LOG", (scratch / "log").c_str(), 1);
    std::stop_source stop;
    std::jthread later([&] {
        while (test::read_file(scratch / "log").empty()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
        stop.request_stop();
    });
    SupervisorOptions options;
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_FALSE(supervise("measure_model", {{arguments(scratch / "hang"), 1}}, options, {}, stop.get_token()));
    unsetenv("FAKE_LOG");
    EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count(), 10);
    std::istringstream log(test::read_file(scratch / "log"));
    pid_t pid = 0;
    log >> pid;
    ASSERT_GT(pid, 0);
    EXPECT_NE(kill(pid, 0), 0) << "the worker lives on";
}

TEST(WorkerProcess, LeavesNoCoreAndIsTheOneTheKernelKillsFirst) {
    WorkerProcess worker({});
    for (int i = 0; i < 200 && worker.replies().empty(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    const std::string limits = test::read_file("/proc/" + std::to_string(worker.pid()) + "/limits");
    const auto line = limits.substr(limits.find("Max core file size"), 60);
    EXPECT_THAT(line, testing::ContainsRegex("size +0 +0"));
    EXPECT_EQ(std::stoi(test::read_file("/proc/" + std::to_string(worker.pid()) + "/oom_score_adj")), 500);
}

}  // namespace
}  // namespace assay::zoo
