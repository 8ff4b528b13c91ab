#pragma once
// What the plan and the run agree on.

#include "libanalysis/zoo/runner.hpp"

namespace assay::zoo {

/// The content of a model: its checkpoint's hash, with that of a separate description of its layers.
std::string model_key(const std::string& content, const std::string& architecture_content);

/// What a failed attempt was made of: tried again once any of it differs. A limit belongs to it where it was what ended it,
/// a device where it may have been. "" where the device could not be used: then nothing is known of the model.
std::string attempt_key(const PlannedModel& model, const std::string& data_content, const RunOptions& options, const std::string& error_kind);

/// The file that describes a model's layers: its own (relative to `folder`), else that of the options unless a config.json lies beside it.
std::filesystem::path architecture_of(const std::filesystem::path& folder, const Entry& entry, const RunOptions& options);

/// What the worker's task is asked for one model.
Json task_arguments(const PlannedModel& model, const RunOptions& options);

}  // namespace assay::zoo
