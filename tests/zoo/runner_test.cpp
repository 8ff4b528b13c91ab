#include "tests/zoo/zoo_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include <fstream>
#include <random>
#include <thread>

namespace assay::zoo {
namespace {

namespace fs = std::filesystem;
using test::Scratch;
using test::write_file;
using testing::HasSubstr;

// A zoo of text files with metrics.csv; every third has initial weights.
void make_zoo(const fs::path& folder, int models, const std::string& words) {
    fs::create_directories(folder);
    std::string table = "model,init,config.n_train,test_accuracy\n";
    for (int i = 0; i < models; ++i) {
        const std::string name = "m" + std::to_string(100 + i);
        write_file(folder / name, words + " model " + std::to_string(i));
        if (i % 3 == 0) write_file(folder / (name + ".init"), "init " + std::to_string(i));
        table += name + "," + (i % 3 == 0 ? name + ".init" : "") + "," + std::to_string(10 + i) + ",0.5\n";
    }
    write_file(folder / "metrics.csv", table);
    write_file(folder / "data", "the data");
    write_file(folder / "zoo.json", R"({"data": "data", "train_rows": {"column": "config.n_train", "take": "first"}})");
}

// What the fake task logged since the last look: one line a model that was run.
class Log {
public:
    explicit Log(const Scratch& scratch) : path_(scratch / "executions") {
        write_file(path_, "");
        setenv("FAKE_LOG", path_.c_str(), 1);
    }
    ~Log() { unsetenv("FAKE_LOG"); }
    const fs::path& path() const { return path_; }
    std::map<std::string, std::string> take() {   // model -> measures asked for; a model run twice fails
        std::map<std::string, std::string> runs;
        std::istringstream lines(test::read_file(path_));
        for (std::string pid, path, measures; lines >> pid >> path >> measures;)
            EXPECT_TRUE(runs.emplace(fs::path(path).filename(), measures).second) << path << " ran twice";
        write_file(path_, "");
        return runs;
    }
    std::vector<pid_t> pids() const {
        std::vector<pid_t> found;
        std::istringstream lines(test::read_file(path_));
        for (std::string pid, path, measures; lines >> pid >> path >> measures;) found.push_back(std::stoi(pid));
        return found;
    }

private:
    fs::path path_;
};

TEST(ZooRun, GivesTheSameBitsForAnyWorkersThreadsShardsAndLimits) {
    const Scratch scratch;
    make_zoo(scratch / "zoo", 40, "ok");
    write_file(scratch / "zoo/m105", "segv");
    write_file(scratch / "zoo/m117", "format");
    write_file(scratch / "zoo/m118", "not_a_model");
    EXPECT_EQ(run_apart(scratch / "zoo", scratch / "one", {{"j", 1}}).exit_code, 1);
    const std::string one = everything(scratch / "one");
    EXPECT_THAT(one, HasSubstr("m105|"));

    run_apart(scratch / "zoo", scratch / "two", {{"j", 2}, {"threads", 2}});
    EXPECT_EQ(difference(everything(scratch / "two"), one), "");

    const auto limited = run_apart(scratch / "zoo", scratch / "steps", {{"limit", 7}});
    EXPECT_THAT(limited.out, HasSubstr("pending 33"));
    run_apart(scratch / "zoo", scratch / "steps");
    EXPECT_EQ(difference(everything(scratch / "steps"), one), "");

    {
        store::Store merged(scratch / "merged", store::Store::Mode::write);
        std::size_t models = 0;
        for (const char* shard : {"2/3", "0/3", "1/3"}) {
            const fs::path path = scratch / ("shard" + std::string(shard, 1));
            run_apart(scratch / "zoo", path, {{"shard", shard}});
            const store::Store part(path, store::Store::Mode::read);
            EXPECT_GT(part.models().size(), 4u);
            models += part.models().size();
            EXPECT_TRUE(merged.merge(part).conflicts.empty());
        }
        EXPECT_EQ(models, 40u);
    }
    EXPECT_EQ(difference(everything(scratch / "merged"), one), "");
}

TEST(ZooRun, ComputesNothingTwice) {
    const Scratch scratch;
    make_zoo(scratch / "zoo", 12, "ok");
    Log log(scratch);
    run_apart(scratch / "zoo", scratch / "s", {{"limit", 5}});
    EXPECT_EQ(log.take().size(), 5u);
    run_apart(scratch / "zoo", scratch / "s");
    EXPECT_EQ(log.take().size(), 7u);
    const auto again = run_apart(scratch / "zoo", scratch / "s");
    EXPECT_EQ(log.take().size(), 0u);
    EXPECT_THAT(again.out, HasSubstr("ok 12 failed 0"));
    EXPECT_THAT(again.out, HasSubstr("ran 0 done 12"));
}

TEST(ZooRun, WorkersShareDevicesEvenly) {
    EXPECT_EQ(workers_on_a_device(4, 4), 1);
    EXPECT_EQ(workers_on_a_device(5, 4), 2);
    EXPECT_EQ(workers_on_a_device(8, 4), 2);
    EXPECT_EQ(workers_on_a_device(1, 4), 1);
    EXPECT_EQ(workers_on_a_device(7, 0), 1) << "no devices, nothing to share";
    EXPECT_EQ(watchdog_limit(0, "cuda"), 0u);
    EXPECT_GT(watchdog_limit(1 << 20, "cuda"), watchdog_limit(1 << 20) + (std::size_t{1} << 30)) << "what CUDA holds on the host is no leak";
}

// A device that was lost says nothing of the model: the next run tries it again unasked. One that was full is a limit like any other.
TEST(ZooRun, TriesAgainWhatADeviceDidNotLetItDo) {
    const Scratch scratch;
    make_zoo(scratch / "zoo", 4, "ok");
    write_file(scratch / "zoo/m100", "unavailable");
    write_file(scratch / "zoo/m101", "full");
    write_file(scratch / "zoo/m102", "format");
    Log log(scratch);
    const Json cuda = {{"device", "cuda"}, {"devices", {"cuda:0"}}, {"j", 1}};
    const auto first = run_apart(scratch / "zoo", scratch / "s", cuda);
    EXPECT_EQ(first.exit_code, 1);
    EXPECT_THAT(first.out, HasSubstr("ok 1 failed 3"));
    EXPECT_THAT(first.out, HasSubstr("resource: memory of cuda:0: expected 2 MiB more, found 1 MiB free"));
    EXPECT_THAT(first.out, HasSubstr("unavailable: kernel launch: the device is lost"));
    write_file(log.path(), "");
    run_apart(scratch / "zoo", scratch / "s", cuda);
    EXPECT_EQ(log.take().size(), 1u) << "the lost device's";
    Json more = cuda;
    more["memory"] = std::size_t{512} << 20;
    run_apart(scratch / "zoo", scratch / "s", more);
    const auto again = log.take();
    EXPECT_TRUE(again.contains("m100") && again.contains("m101") && !again.contains("m102")) << "another --memory";
    run_apart(scratch / "zoo", scratch / "s", more);
    EXPECT_EQ(log.take().size(), 1u);
    Json cpu = more;
    cpu["device"] = "cpu";
    cpu.erase("devices");
    run_apart(scratch / "zoo", scratch / "s", cpu);
    const auto elsewhere = log.take();
    EXPECT_TRUE(elsewhere.contains("m100") && elsewhere.contains("m101")) << "another device may have room";
    EXPECT_FALSE(elsewhere.contains("m102")) << "a damaged file is damaged everywhere";
}

// Values of one precision are the same computation on every device: kept, with their origin. TF32 is another precision.
TEST(ZooRun, ValuesKeepTheirDeviceAndTf32StandsApart) {
    const Scratch scratch;
    make_zoo(scratch / "zoo", 3, "ok");
    Log log(scratch);
    const auto origins = [&] {
        std::map<std::string, std::size_t> found;
        for (const store::Origin& origin : store::Store(scratch / "s", store::Store::Mode::read).origins()) found[origin.device + " " + origin.precision] += origin.values;
        return found;
    };
    const Json cuda = {{"device", "cuda"}, {"devices", {"cuda:0"}}, {"measures", {"norm", "path"}}};
    run_apart(scratch / "zoo", scratch / "s", {{"measures", {"path"}}});
    EXPECT_EQ(origins(), (std::map<std::string, std::size_t>{{"cpu float32", 3}}));
    EXPECT_EQ(log.take().size(), 3u);
    run_apart(scratch / "zoo", scratch / "s", cuda);
    for (const auto& [model, measures] : log.take()) EXPECT_EQ(measures, R"(["norm"])") << model;
    EXPECT_EQ(origins(), (std::map<std::string, std::size_t>{{"cpu float32", 3}, {"cuda:0 float32", 6}})) << "norm has a layer beside the model";
    Json tf32 = cuda;
    tf32["precision"] = "tf32";
    run_apart(scratch / "zoo", scratch / "s", tf32);
    EXPECT_EQ(log.take().size(), 3u);
    EXPECT_EQ(origins(), (std::map<std::string, std::size_t>{{"cuda:0 tf32", 9}}));
    run_apart(scratch / "zoo", scratch / "s", cuda);
    EXPECT_EQ(log.take().size(), 0u);
    EXPECT_EQ(origins(), (std::map<std::string, std::size_t>{{"cpu float32", 3}, {"cuda:0 float32", 6}})) << "as they were";
}

TEST(ZooRun, RecomputesWhatChangedAndNothingElse) {
    const Scratch scratch;
    make_zoo(scratch / "zoo", 6, "ok");
    Log log(scratch);
    const Json few = {{"measures", {"norm", "test_accuracy"}}};
    run_apart(scratch / "zoo", scratch / "s", few);
    EXPECT_EQ(log.take().size(), 6u);

    // Another measure: only that one.
    run_apart(scratch / "zoo", scratch / "s", {{"measures", {"norm", "test_accuracy", "distance"}}});
    auto runs = log.take();
    ASSERT_EQ(runs.size(), 6u);
    EXPECT_EQ(runs.at("m100"), R"(["distance"])");

    // Another scale: only what reads data.
    const Json scaled = {{"measures", {"norm", "test_accuracy", "distance"}}, {"scale", 0.5}};
    run_apart(scratch / "zoo", scratch / "s", scaled);
    runs = log.take();
    ASSERT_EQ(runs.size(), 6u);
    EXPECT_EQ(runs.at("m100"), R"(["test_accuracy"])");
    const auto table = store::table_of(store::Store(scratch / "s", store::Store::Mode::read));
    EXPECT_EQ(table.measures.size(), 3u);

    // Other bytes in one model, in one model's initial weights, in the data.
    write_file(scratch / "zoo/m101", "ok another");
    write_file(scratch / "zoo/m103.init", "another init");
    run_apart(scratch / "zoo", scratch / "s", scaled);
    runs = log.take();
    ASSERT_EQ(runs.size(), 2u);
    EXPECT_EQ(runs.at("m101"), R"(["norm","test_accuracy","distance"])");
    EXPECT_EQ(runs.at("m103"), R"(["distance"])");
    write_file(scratch / "zoo/data", "other data");
    run_apart(scratch / "zoo", scratch / "s", scaled);
    runs = log.take();
    ASSERT_EQ(runs.size(), 6u);
    EXPECT_EQ(runs.at("m101"), R"(["test_accuracy"])");

    // A measure whose numbers changed with its version; a renamed model.
    Json newer = scaled;
    newer["versions"] = {{"norm", 2}};
    run_apart(scratch / "zoo", scratch / "s", newer);
    EXPECT_EQ(log.take().at("m101"), R"(["norm"])");

    // Nothing of the detours is left in what is shown: a fresh store says the same.
    run_apart(scratch / "zoo", scratch / "fresh", scaled);
    run_apart(scratch / "zoo", scratch / "s", scaled);
    EXPECT_EQ(difference(everything(scratch / "s"), everything(scratch / "fresh")), "");
}

TEST(ZooRun, KnowsARenamedModelByItsContent) {
    const Scratch scratch;
    fs::create_directory(scratch / "zoo");
    write_file(scratch / "zoo/a", "ok a");
    write_file(scratch / "zoo/b", "not_a_model b");
    Log log(scratch);
    run_apart(scratch / "zoo", scratch / "s");
    EXPECT_EQ(log.take().size(), 2u);
    fs::rename(scratch / "zoo/a", scratch / "zoo/c");
    fs::rename(scratch / "zoo/b", scratch / "zoo/d");
    const auto again = run_apart(scratch / "zoo", scratch / "s");
    EXPECT_EQ(log.take().size(), 0u);
    EXPECT_THAT(again.out, HasSubstr("models 2 ok 1 failed 0 not_a_model 1"));
}

TEST(ZooRun, TriesFailedModelsAgainOnlyWhenAskedOrChanged) {
    const Scratch scratch;
    make_zoo(scratch / "zoo", 4, "ok");
    write_file(scratch / "zoo/m101", "format");
    write_file(scratch / "zoo/m102", "segv");
    fs::remove(scratch / "zoo/m103");
    Log log(scratch);
    const auto first = run_apart(scratch / "zoo", scratch / "s");
    EXPECT_EQ(first.exit_code, 1);
    EXPECT_THAT(first.out, HasSubstr("ok 1 failed 3"));
    EXPECT_THAT(first.out, HasSubstr("missing: "));
    log.path();
    write_file(log.path(), "");
    const auto second = run_apart(scratch / "zoo", scratch / "s");
    EXPECT_EQ(second.exit_code, 1) << "still failed";
    EXPECT_THAT(second.out, HasSubstr("skipped 2"));
    EXPECT_TRUE(log.take().empty());
    run_apart(scratch / "zoo", scratch / "s", {{"measures", {"norm", "path"}}});
    EXPECT_TRUE(log.take().empty()) << "another measure is no reason to try again";
    run_apart(scratch / "zoo", scratch / "s", {{"j", 1}, {"memory", 100 << 20}, {"timeout", 30}});
    EXPECT_TRUE(log.take().empty()) << "nor is another limit that was not what ended it";
    run_apart(scratch / "zoo", scratch / "s", {{"retry_failed", true}});
    EXPECT_EQ(log.take().size(), 2u);
    EXPECT_EQ(store::Store(scratch / "s", store::Store::Mode::read).models()[1].attempts, 2);
    write_file(scratch / "zoo/m101", "ok now");
    write_file(scratch / "zoo/m103", "ok back");
    run_apart(scratch / "zoo", scratch / "s");
    EXPECT_EQ(log.take().size(), 2u);
    EXPECT_THAT(run_apart(scratch / "zoo", scratch / "s").out, HasSubstr("ok 3 failed 1"));
}

TEST(ZooRun, CrashHangHogAndGarbageCostOneRowEach) {
    const Scratch scratch;
    fs::create_directory(scratch / "zoo");
    for (const char* name : {"a_ok", "b_segv", "c_hang", "d_eat", "e_exit", "f_print", "g_throw", "h_not_a_model", "i_babble", "j_ok"})
        write_file(scratch / "zoo" / name, std::string(name).substr(2));
    const auto run = run_apart(scratch / "zoo", scratch / "s", {{"timeout", 1.0}, {"memory", 32 << 20}});
    EXPECT_EQ(run.exit_code, 1);
    const auto rows = store::Store(scratch / "s", store::Store::Mode::read).models();
    ASSERT_EQ(rows.size(), 10u);
    const std::vector<std::string> kinds{"", "crash", "timeout", "memory", "crash", "", "internal", "", "crash", ""};
    for (std::size_t i = 0; i < rows.size(); ++i) {
        EXPECT_EQ(rows[i].error_kind, kinds[i]) << rows[i].path << " " << rows[i].reason;
        EXPECT_EQ(rows[i].status, i == 7 ? "not_a_model" : kinds[i].empty() ? "ok" : "failed") << rows[i].path;
        EXPECT_EQ(rows[i].reason.empty(), rows[i].status == "ok") << rows[i].path;
        EXPECT_FALSE(rows[i].content.empty());
    }
}

TEST(ZooRun, TriesAgainWhatALimitEndedOnceTheLimitIsAnother) {
    const Scratch scratch;
    fs::create_directory(scratch / "zoo");
    write_file(scratch / "zoo/slow", "slow 600");
    EXPECT_EQ(run_apart(scratch / "zoo", scratch / "s", {{"timeout", 0.2}}).exit_code, 1);
    EXPECT_THAT(run_apart(scratch / "zoo", scratch / "s", {{"timeout", 0.2}}).out, HasSubstr("ran 0"));
    EXPECT_EQ(run_apart(scratch / "zoo", scratch / "s", {{"timeout", 60}}).exit_code, 0);
}

TEST(ZooRun, SaysNotesOnceWithTheirCountAndAddsNearTies) {
    const Scratch scratch;
    make_zoo(scratch / "zoo", 5, "notes");
    const auto run = run_apart(scratch / "zoo", scratch / "s", {{"measures", {"test_near_ties"}}});
    EXPECT_THAT(run.out, HasSubstr("near_ties 10"));
    EXPECT_THAT(run.out, HasSubstr("the scale looks wrong"));
    EXPECT_EQ(std::count(run.out.begin(), run.out.end(), '\n'), 1 + std::ptrdiff_t{1}) << run.out;
}

TEST(ZooRun, SurvivesKillMinusNineOfSupervisorAndWorkersBitForBit) {
    const Scratch scratch;
    make_zoo(scratch / "zoo", 60, "slow 20");
    write_file(scratch / "zoo/m104", "format");
    run_apart(scratch / "zoo", scratch / "calm");
    const std::string calm = everything(scratch / "calm");

    Log log(scratch);
    std::mt19937 random(7);   // moments differ from run to run anyway; the seed only spreads them
    const auto sleep_up_to = [&](unsigned milliseconds) { std::this_thread::sleep_for(std::chrono::milliseconds(random() % (milliseconds + 1))); };
    int killed = 0;
    for (int round = 0; round < 12; ++round) {
        const std::size_t before = log.pids().size();
        const pid_t pid = start_apart(scratch / "zoo", scratch / "s", {{"j", 2}}, log.path());
        if (round % 4 != 0) {   // a few models on, however slow or fast the machine is: at most 5 of 60 a round
            const std::size_t models = before + 1 + random() % 3;
            while (log.pids().size() < models && !has_ended(pid)) std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
        sleep_up_to(30);        // every fourth round: while the workers, or the store itself, are only being made
        if (round % 3 == 2) {   // a worker this time
            const auto pids = log.pids();
            if (pids.size() > before) kill(pids.back(), SIGKILL);
            sleep_up_to(30);
        }
        kill(pid, SIGKILL);
        killed += wait_for(pid) == 128 + SIGKILL;
        try {   // readable at any moment, once it is there
            store::Store(scratch / "s", store::Store::Mode::read).models();
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::missing) << error.what();
        }
    }
    EXPECT_GT(killed, 3) << "the runs ended before they could be killed";
    for (const pid_t pid : log.pids()) {   // workers go with their supervisor
        for (int i = 0; i < 200 && kill(pid, 0) == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
        EXPECT_NE(kill(pid, 0), 0) << "worker " << pid << " lives on";
    }
    write_file(log.path(), "");
    const auto last = run_apart(scratch / "zoo", scratch / "s");
    EXPECT_EQ(last.exit_code, 1) << last.err;
    EXPECT_EQ(difference(everything(scratch / "s"), calm), "");
    write_file(log.path(), "");
    run_apart(scratch / "zoo", scratch / "s");
    EXPECT_TRUE(log.take().empty()) << "a finished run has nothing left to do";
}

TEST(ZooRun, LosesAtMostTheModelsInFlight) {
    const Scratch scratch;
    make_zoo(scratch / "zoo", 40, "slow 25");   // slow enough that no worker is given its next model early
    for (const char* last : {"m138", "m139"}) write_file(scratch / "zoo" / last, "hang");   // in flight for ever, one a worker
    Log log(scratch);
    const pid_t pid = start_apart(scratch / "zoo", scratch / "s", {{"j", 2}}, log.path());
    while (log.pids().size() < 40 && !has_ended(pid)) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    const auto kept = [&] {
        std::size_t ok = 0;
        for (const auto& row : store::Store(scratch / "s", store::Store::Mode::read).models()) ok += row.status == "ok";
        return ok;
    };
    // What was answered is on its way to the disk, and waits for neither the run's end nor the next answer.
    for (int wait = 0; wait < 1000 && kept() < 38; ++wait) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    kill(pid, SIGKILL);
    EXPECT_EQ(wait_for(pid), 128 + SIGKILL);
    EXPECT_EQ(kept(), 38u);
}

TEST(ZooRun, ForgivesAWorkerThatIsKilledFromOutside) {
    const Scratch scratch;
    make_zoo(scratch / "zoo", 10, "slow 40");
    run_apart(scratch / "zoo", scratch / "calm");
    Log log(scratch);
    const pid_t pid = start_apart(scratch / "zoo", scratch / "s", {{"j", 2}}, log.path());
    for (int kills = 0; kills < 2; ++kills) {
        const std::size_t before = log.pids().size();
        while (log.pids().size() == before && !has_ended(pid)) std::this_thread::sleep_for(std::chrono::milliseconds(2));
        kill(log.pids().back(), SIGKILL);
    }
    EXPECT_EQ(wait_for(pid), 0);
    EXPECT_EQ(difference(everything(scratch / "s"), everything(scratch / "calm")), "");
}

TEST(ZooRun, EndsWithSeventyFiveSoonAfterATermination) {
    for (const int signal : {SIGTERM, SIGINT}) {
        const Scratch scratch;
        make_zoo(scratch / "zoo", 6, "ok");
        write_file(scratch / "zoo/m105", "hang");
        Log log(scratch);
        const pid_t pid = start_apart(scratch / "zoo", scratch / "s", {{"j", 1}}, log.path());
        while (log.pids().size() < 6 && !has_ended(pid)) std::this_thread::sleep_for(std::chrono::milliseconds(5));
        const auto begun = std::chrono::steady_clock::now();
        kill(pid, signal);
        EXPECT_EQ(wait_for(pid), 75);
        EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count(), 3);
        EXPECT_FALSE(fs::exists(scratch / "s.lock"));
        std::size_t ok = 0;
        for (const auto& row : store::Store(scratch / "s", store::Store::Mode::read).models()) ok += row.status == "ok";
        EXPECT_EQ(ok, 5u);
    }
}

TEST(ZooRun, LeavesAStoreThatAnotherRunHolds) {
    const Scratch scratch;
    make_zoo(scratch / "zoo", 2, "ok");
    write_file(scratch / "zoo/m100", "hang");
    const pid_t pid = start_apart(scratch / "zoo", scratch / "s", Json::object());
    while (!fs::exists(scratch / "s.lock")) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    const auto second = run_apart(scratch / "zoo", scratch / "s");
    EXPECT_EQ(second.exit_code, 75);
    EXPECT_THAT(second.err, HasSubstr("pid " + std::to_string(pid)));
    kill(pid, SIGKILL);
    wait_for(pid);
    const auto third = run_apart(scratch / "zoo", scratch / "s", {{"timeout", 0.5}});
    EXPECT_EQ(third.exit_code, 1) << "the lock of a dead run is taken over: " << third.err;
}

TEST(ZooRun, SaysThatTheDiskIsFullAndGoesOnLater) {
    if (geteuid() != 0) GTEST_SKIP() << "SKIPPED: needs root to mount a small file system";
    const Scratch scratch;
    make_zoo(scratch / "zoo", 300, "ok");
    fs::create_directory(scratch / "m");
    if (mount("none", (scratch / "m").c_str(), "tmpfs", 0, "size=400k") != 0) GTEST_SKIP() << "SKIPPED: cannot mount here";
    const auto full = run_apart(scratch / "zoo", scratch / "m/s");
    EXPECT_EQ(full.exit_code, static_cast<int>(ExitCode::cannot_write)) << full.out;
    EXPECT_THAT(full.err, HasSubstr("run the same command again"));
    EXPECT_EQ(mount("none", (scratch / "m").c_str(), "tmpfs", MS_REMOUNT, "size=30m"), 0);
    EXPECT_EQ(run_apart(scratch / "zoo", scratch / "m/s").exit_code, 0);
    run_apart(scratch / "zoo", scratch / "calm");
    EXPECT_EQ(difference(everything(scratch / "m/s"), everything(scratch / "calm")), "");
    umount((scratch / "m").c_str());
}

TEST(Shards, ArePureFunctionsOfThePath) {
    std::map<std::uint64_t, int> counts;
    for (int i = 0; i < 4000; ++i) {
        const std::string path = "model_" + std::to_string(i) + "/weights.hdf5";
        int owners = 0;
        for (std::uint64_t shard = 0; shard < 4; ++shard)
            if (in_shard(path, {shard, 4})) ++owners, ++counts[shard];
        EXPECT_EQ(owners, 1);
    }
    for (const auto& [shard, count] : counts) EXPECT_NEAR(count, 1000, 120) << "binomial, four standard deviations";
    EXPECT_EQ(parse_shard("3/4").index, 3u);
    for (const char* bad : {"4/4", "1", "a/2", "-1/2", "0/0", "/", "1/2/3"}) EXPECT_THROW(parse_shard(bad), Error) << bad;
}

TEST(Notes, AreTheSameButForDigits) {
    EXPECT_EQ(without_digits("accuracy 0.125 of 30 at 1/255"), without_digits("accuracy 0.9 of 4 at 1/255"));
    EXPECT_NE(without_digits("a 1"), without_digits("b 1"));
    EXPECT_EQ(without_path("/zoo/of mine/a/b.pt: expected HDF5, found a pickle in 'b.pt'", "a/b.pt"), without_path("/zoo/of mine/c/d.pt: expected HDF5, found a pickle in 'd.pt'", "c/d.pt"));
    EXPECT_EQ(without_path("FILE: bad", "FILE"), "FILE: bad");
    EXPECT_EQ(without_path("bad", ""), "bad");
}

}  // namespace
}  // namespace assay::zoo
