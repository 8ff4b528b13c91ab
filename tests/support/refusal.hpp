#pragma once
// The error that a call is to end with.

#include "libanalysis/core/error.hpp"

#include <gtest/gtest.h>

namespace assay::test {

/// A failure where the call ends without one.
template <class Call>
Error refusal(Call&& call) {
    try {
        call();
    } catch (const Error& error) {
        return error;
    }
    ADD_FAILURE() << "no error";
    return Error(ErrorKind::internal, {"", "", ""});
}

}  // namespace assay::test
