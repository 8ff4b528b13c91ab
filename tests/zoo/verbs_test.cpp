// The zoo verbs as a user runs them, on a folder without a single checkpoint: what they print, their exit codes, their errors.

#include "libanalysis/core/error.hpp"
#include "libanalysis/core/json.hpp"
#include "tests/support/support.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

namespace assay {
namespace {

namespace fs = std::filesystem;
using test::Scratch;
using test::write_file;
using testing::HasSubstr;

test::ProcessResult assay_run(std::vector<std::string> words) {
    words.insert(words.begin(), test::program().string());
    return test::run(words);
}

// Three text files, one damaged HDF5 file, one manifest.
void make_folder(const fs::path& folder) {
    fs::create_directories(folder / "sub");
    write_file(folder / "a.txt", "text");
    write_file(folder / "sub/b.txt", "more text");
    write_file(folder / "c.dat", "even more");
    write_file(folder / "d.h5", std::string("\x89HDF\r\n\x1a\n", 8) + std::string(100, 'x'));
    write_file(folder / "zoo.json", R"({"title": "Texts"})");
}

TEST(ZooVerbs, RunStatusFailuresAndExportAgree) {
    const Scratch scratch;
    make_folder(scratch / "zoo");
    const std::string zoo = scratch / "zoo", store = scratch / "s.assay";
    const auto run = assay_run({"zoo", "run", zoo, "-o", store, "-j", "1"});
    EXPECT_EQ(run.exit_code, 1) << run.out << run.err;
    EXPECT_THAT(run.out, HasSubstr("0 ok, 1 failed, 3 not a model"));
    EXPECT_THAT(run.out, HasSubstr("Texts"));
    const auto again = assay_run({"zoo", "run", zoo, "-o", store, "--json", "--quiet"});
    EXPECT_EQ(again.exit_code, 1) << "a failed model stays a failed model";
    const Json summary = parse_json(again.out, "summary");
    EXPECT_EQ(summary.at("ran"), 0);
    EXPECT_EQ(summary.at("already_done"), 3);
    EXPECT_EQ(summary.at("skipped_failed"), 1);
    EXPECT_EQ(summary.at("schema_version"), 1);

    const Json status = parse_json(assay_run({"zoo", "status", store, "--json"}).out, "status");
    EXPECT_EQ(status.at("models"), (Json{{"failed", 1}, {"not_a_model", 3}}));
    EXPECT_EQ(status.at("runs").size(), 2u);
    EXPECT_TRUE(status.at("writer").is_null());
    const Json failures = parse_json(assay_run({"zoo", "failures", store, "--json"}).out, "failures");
    EXPECT_EQ(failures.at("failed"), 1);
    EXPECT_EQ(failures.at("groups").at(0).at("kind"), "format");
    EXPECT_EQ(failures.at("groups").at(0).at("models").at(0).at("model"), "d.h5");
    EXPECT_THAT(assay_run({"zoo", "status", store}).out, HasSubstr("3 not a model"));
    EXPECT_THAT(assay_run({"zoo", "failures", store}).out, HasSubstr("d.h5"));

    EXPECT_EQ(assay_run({"export", store}).out, "model,status\na.txt,not_a_model\nc.dat,not_a_model\nd.h5,failed\nsub/b.txt,not_a_model\n");
    EXPECT_EQ(assay_run({"export", store, "--format", "jsonl", "-o", scratch / "out"}).exit_code, 0);
    // A link keeps pointing at the file that is written; a pipe is written into and stays a pipe.
    std::filesystem::create_symlink("linked", scratch / "link");
    EXPECT_EQ(assay_run({"export", store, "-o", scratch / "link"}).exit_code, 0);
    EXPECT_TRUE(std::filesystem::is_symlink(scratch / "link"));
    EXPECT_EQ(test::read_file(scratch / "linked"), assay_run({"export", store}).out);
    const std::string pipe = (scratch / "pipe").string();
    ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
    const int reader = open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
    ASSERT_GE(reader, 0);
    EXPECT_EQ(assay_run({"export", store, "-o", pipe}).exit_code, 0);
    std::string through(4096, ' ');
    const ssize_t bytes = read(reader, through.data(), through.size());
    close(reader);
    EXPECT_EQ(through.substr(0, static_cast<std::size_t>(std::max<ssize_t>(bytes, 0))), assay_run({"export", store}).out);
    EXPECT_TRUE(std::filesystem::is_fifo(pipe));
    EXPECT_THAT(test::read_file(scratch / "out"), HasSubstr("{\"model\":\"sub/b.txt\",\"status\":\"not_a_model\"}\n"));
}

TEST(ZooVerbs, ShardsOfTheEnvironmentMergeIntoTheWhole) {
    const Scratch scratch;
    make_folder(scratch / "zoo");
    const std::string zoo = scratch / "zoo";
    assay_run({"zoo", "run", zoo, "-o", scratch / "all"});
    setenv("SLURM_ARRAY_TASK_COUNT", "2", 1);
    for (const char* id : {"0", "1"}) {
        setenv("SLURM_ARRAY_TASK_ID", id, 1);
        const auto part = assay_run({"zoo", "run", zoo, "-o", scratch / (std::string("part") + id)});
        EXPECT_THAT(part.out, HasSubstr(std::string("shard ") + id + "/2 by SLURM_ARRAY_TASK_ID"));
    }
    unsetenv("SLURM_ARRAY_TASK_ID");
    unsetenv("SLURM_ARRAY_TASK_COUNT");
    const auto merge = assay_run({"zoo", "merge", "-o", scratch / "merged", scratch / "part1", scratch / "part0"});
    EXPECT_EQ(merge.exit_code, 0) << merge.err;
    EXPECT_EQ(assay_run({"export", scratch / "merged"}).out, assay_run({"export", scratch / "all"}).out);
    EXPECT_EQ(assay_run({"zoo", "merge", "-o", scratch / "merged", scratch / "absent"}).exit_code, 66);
    EXPECT_EQ(assay_run({"zoo", "merge", "-o", scratch / "merged", scratch / "merged"}).exit_code, 2);
}

TEST(ZooVerbs, ScanAndDryRunWriteNothing) {
    const Scratch scratch;
    make_folder(scratch / "zoo");
    write_file(scratch / "zoo/metrics.csv", "model,config.depth,test_accuracy\na.txt,1,0.5\n../x,2,0.5\n");
    const auto scan = assay_run({"zoo", "scan", scratch / "zoo"});
    EXPECT_EQ(scan.exit_code, 0);
    EXPECT_THAT(scan.out, HasSubstr("2 (rows of metrics.csv)"));
    EXPECT_THAT(scan.out, HasSubstr("c.dat"));
    EXPECT_THAT(scan.out, HasSubstr("not listed in metrics.csv"));
    EXPECT_THAT(scan.out, HasSubstr("cannot be run: ../x"));
    const Json json = parse_json(assay_run({"zoo", "scan", scratch / "zoo", "--json", "--exclude", "../*"}).out, "scan");
    EXPECT_EQ(json.at("models").size(), 1u);
    const auto dry = assay_run({"zoo", "run", scratch / "zoo", "-o", scratch / "s", "--dry-run"});
    EXPECT_EQ(dry.exit_code, 0) << dry.err;
    EXPECT_THAT(dry.out, HasSubstr("to run         1"));
    EXPECT_THAT(dry.out, HasSubstr("unknown"));
    EXPECT_FALSE(fs::exists(scratch / "s"));
}

TEST(ZooVerbs, SayWhatIsWrongWithARequest) {
    const Scratch scratch;
    make_folder(scratch / "zoo");
    const std::string zoo = scratch / "zoo", store = scratch / "s";
    const auto expect = [](std::vector<std::string> words, int code, const std::string& part) {
        const auto result = assay_run(words);
        EXPECT_EQ(result.exit_code, code) << words.back() << "\n" << result.out << result.err;
        EXPECT_THAT(result.err, HasSubstr(part));
        EXPECT_EQ(result.out, "");
    };
    expect({"zoo", "run"}, 2, "DIR");
    expect({"zoo", "run", zoo, "--frobnicate"}, 2, "--frobnicate");
    expect({"zoo", "run", zoo, "-o", store, "--scale", "1/0"}, 2, "--scale");
    expect({"zoo", "run", zoo, "-o", store, "--shard", "4/4"}, 2, "0 to n-1");
    expect({"zoo", "run", zoo, "-o", store, "--measures", "no_such_measure"}, 2, "no_such_measure");
    expect({"zoo", "run", zoo, "-o", store, "-j", "0"}, 2, "-j");
    expect({"zoo", "run", zoo, "-o", store, "--memory", "lots"}, 2, "--memory");
    expect({"zoo", "run", zoo, "-o", store, "--train-rows", "-3"}, 2, "--train-rows");
    expect({"zoo", "run", scratch / "absent", "-o", store}, 66, "absent");
    expect({"zoo", "run", zoo, "-o", store, "--data", scratch / "absent.h5"}, 66, "absent.h5");
    expect({"zoo", "run", zoo, "-o", scratch / "no/such/folder/s"}, 73, "folder");
    expect({"zoo", "run", zoo, "-o", scratch.path()}, 73, "a folder");
    expect({"zoo", "run", zoo, "-o", scratch / "zoo/a.txt"}, 65, "store");
    expect({"zoo", "status", scratch / "absent"}, 66, "no such store");
    expect({"zoo", "status", scratch / "zoo/a.txt"}, 65, "store");
    expect({"zoo", "dance"}, 2, "zoo run");
    expect({"worker", "1", "2"}, 2, "not by hand");
}

TEST(ZooVerbs, HelpHasExamplesAndVersionsTellTheBuild) {
    for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{{"zoo", "run"}, {"zoo", "scan"}, {"zoo", "status"}, {"zoo", "failures"}, {"zoo", "merge"}, {"export"}}) {
        auto help = words;
        help.push_back("--help");
        const auto result = assay_run(help);
        EXPECT_EQ(result.exit_code, 0) << words.back();
        EXPECT_THAT(result.out, HasSubstr("Examples:\n  assay " + words[0]));
        std::istringstream lines(result.out);
        for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
    }
    EXPECT_THAT(assay_run({}).out, HasSubstr("zoo run"));
    EXPECT_EQ(parse_json(assay_run({"--version", "--json"}).out, "version").at("schema_version"), 1);
}

TEST(ZooVerbs, RefuseALockedStoreWithSeventyFive) {
    const Scratch scratch;
    make_folder(scratch / "zoo");
    write_file(scratch / "s.lock", "elsewhere 17 1\n");
    const auto run = assay_run({"zoo", "run", scratch / "zoo", "-o", scratch / "s"});
    EXPECT_EQ(run.exit_code, 75);
    EXPECT_THAT(run.err, HasSubstr("host elsewhere, pid 17"));
    EXPECT_FALSE(fs::exists(scratch / "s"));
}

}  // namespace
}  // namespace assay
