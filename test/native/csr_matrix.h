// Matrices in CSR form for tests.
#pragma once
#include "programs.h"

namespace quern::test {

struct CsrMatrix {
  std::vector<uint32_t> indptr, indices;
  std::vector<float> values;
  int64_t columns;

  ArrayView view() const {
    ArrayView view;
    view.data = values.data();
    view.length = static_cast<int64_t>(values.size());
    view.row_length = columns;
    view.indptr = indptr.data();
    view.indices = indices.data();
    view.indptr_length = static_cast<int64_t>(indptr.size());
    return view;
  }
};

// The data's rows without what is not above `least`.
inline CsrMatrix sparse(const Data& data, float least) {
  CsrMatrix matrix{{0}, {}, {}, data.inputs};
  for (int64_t i = 0; i < data.rows * data.inputs; i++) {
    if (data.x[static_cast<size_t>(i)] > least) {
      matrix.indices.push_back(static_cast<uint32_t>(i % data.inputs));
      matrix.values.push_back(data.x[static_cast<size_t>(i)]);
    }
    if (i % data.inputs == data.inputs - 1) matrix.indptr.push_back(static_cast<uint32_t>(matrix.indices.size()));
  }
  return matrix;
}

}  // namespace quern::test
