#pragma once
// Views of backend.hpp as typed pointers, with the checks that every primitive makes: a wrong size or type here is a defect
// of the caller, never of a user's file.

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/backend.hpp"

#include <string>

namespace assay::engine::views {

inline void require(bool holds, const char* primitive, const char* expected) {
    if (!holds) throw Error(ErrorKind::internal, {std::string("engine::Backend::") + primitive, expected, "something else"});
}

template <class T> const T* as(ConstView view) { return static_cast<const T*>(view.data); }
template <class T> T* as(View view) { return static_cast<T*>(view.data); }

inline std::size_t count(std::int64_t rows, std::int64_t cols) { return static_cast<std::size_t>(rows) * static_cast<std::size_t>(cols); }

inline void require_matrix(ConstView x, std::int64_t rows, std::int64_t cols, const char* primitive) {
    require(rows >= 0 && cols >= 0 && x.size >= count(rows, cols), primitive, "a matrix that its view holds");
}

inline void require_ints(ConstView index, const char* primitive) { require(index.type == DType::int32, primitive, "int32 indices"); }

/// body(T{}) with T = float or double.
template <class Body>
decltype(auto) with_float(DType type, const char* primitive, Body&& body) {
    require(type != DType::int32, primitive, "float32 or float64");
    return type == DType::float32 ? body(float{}) : body(double{});
}

/// The same where all views must agree in type.
template <class Body, class... Views>
decltype(auto) with_float_of(const char* primitive, Body&& body, ConstView first, Views... others) {
    require(((others.type == first.type) && ...), primitive, "arguments of one type");
    return with_float(first.type, primitive, body);
}

}  // namespace assay::engine::views

namespace assay::engine::cpu { using namespace views; }
namespace assay::engine::cuda { using namespace views; }
