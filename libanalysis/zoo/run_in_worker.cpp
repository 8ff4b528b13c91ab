#include "libanalysis/zoo/worker_process.hpp"

#include <poll.h>

namespace assay::zoo {

Json run_in_worker(std::string_view task, const Json& arguments, const WorkerLimits& limits, const std::function<void(const Json&)>& item,
                   std::stop_token stop, const std::function<void(double)>& progress) {
    WorkerProcess worker(limits);
    const std::string where = arguments.contains("path") && arguments.at("path").is_string() ? arguments.at("path").get<std::string>() : std::string(task);
    const auto since = WorkerProcess::Clock::now();
    worker.send({{"id", 1}, {"task", task}, {"arguments", arguments}});
    for (;;) {
        if (stop.stop_requested()) throw Error(ErrorKind::interrupted, {std::string(task), "", "interrupted", ""});
        pollfd descriptors[] = {{worker.reply_descriptor(), POLLIN, 0}, {worker.print_descriptor(), POLLIN, 0}};
        poll(descriptors, 2, 50);
        for (const Json& reply : worker.replies()) {
            if (reply.contains("result")) return reply.at("result");
            if (reply.contains("error")) throw_error(reply.at("error"));
            if (reply.contains("item") && item) item(reply.at("item"));
            if (reply.contains("progress") && progress) progress(reply.at("progress").get<double>());
        }
        if (worker.ended())
            throw Error(ErrorKind::resource, {where, "", "the worker process ended early: " + worker.last_words(), "The file may be damaged or malicious; nothing else was harmed"});
        if (const Verdict verdict = watch(worker, limits, since); !verdict.kind.empty())
            throw Error(ErrorKind::resource, {where, "", verdict.reason, verdict.kind == "memory" ? "Allow more with --memory" : "Allow more with --timeout"});
    }
}

}  // namespace assay::zoo
