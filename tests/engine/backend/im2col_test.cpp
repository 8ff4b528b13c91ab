#include "libanalysis/engine/cpu/im2col.hpp"

#include "tests/engine/backend/guarded.hpp"

#include <gtest/gtest.h>

namespace assay::test {

namespace {

using engine::DType;

// The float32 path without oneDNN is used where oneDNN refuses; the table above reaches it in float64 only.
TEST(Im2Col, AgreesInFloat32WithOneDnn) {
    const auto b = engine::make_cpu_backend();
    engine::ConvGeometry g;
    g.batch = 3;
    g.in_h = g.in_w = 9;
    g.out_h = g.out_w = 5;
    g.in_c = 8;
    g.out_c = 12;
    g.groups = 2;
    g.kernel_h = g.kernel_w = 3;
    g.stride_h = g.stride_w = 2;
    g.pad_top = g.pad_left = g.pad_bottom = g.pad_right = 1;
    const engine::Buffer x = b->from_host(normals(3 * 81 * 8, 1), DType::float32), w = b->from_host(normals(9 * 4 * 12, 2), DType::float32);
    engine::Buffer y = b->zeros(DType::float32, 3 * 25 * 12), mine = b->zeros(DType::float32, 3 * 25 * 12);
    b->conv_forward(g, x.view(), w.view(), y.view(), false);
    engine::cpu::Scratch scratch;
    engine::cpu::Im2Col<float>(g, scratch).forward(static_cast<const float*>(x.view().data), static_cast<const float*>(w.view().data),
                                                   static_cast<float*>(mine.view().data), false);
    EXPECT_LE(distance(b->to_host(mine.view()), b->to_host(y.view())), roundoff<float>);
}

}  // namespace

}  // namespace assay::test
