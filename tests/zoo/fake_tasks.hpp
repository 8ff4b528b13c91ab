#pragma once
// Tasks for a worker under test. A "checkpoint" is a text file whose first word says what the task does with it.

#include "libanalysis/zoo/protocol.hpp"

#include <span>

namespace assay::zoo {

/// measure_model: ok, notes, slow <ms>, not_a_model, format, throw, segv, abort, exit, hang, eat, print, babble, close.
/// echo: returns its arguments, publishing an item first. Each run of measure_model adds a line "<pid> <path> <measures>" to the
/// file that the environment variable FAKE_LOG names.
std::span<const Task* const> fake_tasks();

}  // namespace assay::zoo
