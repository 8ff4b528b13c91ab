// A kernel with an array that registers cannot hold: what the build must refuse.
__global__ void kernel(const int* index, float* values, int count) {
    float own[64] = {};
    for (int i = 0; i < count; ++i) own[index[i] & 63] += values[i];
    values[threadIdx.x] = own[index[threadIdx.x] & 63];
}
