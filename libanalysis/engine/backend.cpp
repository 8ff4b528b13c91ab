#include "libanalysis/engine/backend.hpp"

#include "libanalysis/core/error.hpp"

#include <algorithm>

namespace assay::engine {

std::string_view to_string(DType type) {
    switch (type) {
        case DType::float32: return "float32";
        case DType::float64: return "float64";
        case DType::int32: return "int32";
    }
    throw Error(ErrorKind::internal, {"to_string(DType)", "a type of the list", std::to_string(static_cast<int>(type))});
}

Buffer Backend::zeros(DType type, std::size_t size) {
    Buffer buffer = allocate(type, size);
    if (size > 0) fill(buffer.view(), 0.0);
    return buffer;
}

std::vector<double> Backend::to_host(ConstView from) {
    std::vector<double> values;
    engine::on_host(*this, from, [&](auto host) { values.assign(host.begin(), host.end()); });
    return values;
}

Buffer Backend::from_host(std::span<const double> values, DType type) {
    Buffer buffer = allocate(type, values.size());
    if (values.empty()) return buffer;
    const auto narrow = [&]<class T>(T) {
        std::vector<T> host(values.size());
        std::transform(values.begin(), values.end(), host.begin(), [](double value) { return static_cast<T>(value); });
        upload(host.data(), buffer.view());
    };
    switch (type) {
        case DType::float32: narrow(float{}); break;
        case DType::int32: narrow(std::int32_t{}); break;
        case DType::float64: upload(values.data(), buffer.view()); break;
    }
    return buffer;
}

}  // namespace assay::engine
