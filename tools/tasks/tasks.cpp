#include "tools/tasks/tasks.hpp"

#include <vector>

namespace assay::tools {

#define TASK(id) extern const zoo::Task id;
namespace tasks {
#include "tools/tasks/tasks.def"
}
#undef TASK

std::span<const zoo::Task* const> all_tasks() {
#define TASK(id) &tasks::id,
    static const std::vector<const zoo::Task*> all{
#include "tools/tasks/tasks.def"
    };
#undef TASK
    return all;
}

}  // namespace assay::tools
