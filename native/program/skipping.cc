#include "program/skipping.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "gemm/panels.h"
#include "gemm/plane_gemm.h"
#include "gemm/skipping_gemm.h"
#include "program/context.h"
#include "program/operands.h"
#include "program/span.h"

namespace quern {
namespace {

// Above this density a batch is not looked at again for so many steps: the next ones will be as dense.
constexpr double kDense = 0.75;
constexpr int kStepsNotLooked = 7;

// Of what a product makes: with fewer, walking over a few marks saves nothing.
constexpr int64_t kLeastRowsMade = 32;

class Finder {
 public:
  Finder(const ProgramSpec& spec, bool keeps_inputs) : spec_(spec), keeps_inputs_(keeps_inputs) {}

  SkippedMatrices find() {
    for (int segment = 0; segment < kSegments; segment++) {
      for (const Instruction& instruction : spec_.segments[segment]) {
        const Gemm* const gemm = std::get_if<Gemm>(&instruction);
        found_.of[segment].push_back(gemm && can_skip(*gemm) ? index_for(*gemm) : -1);
      }
    }
    for (SkippedMatrix& matrix : found_.matrices) {
      const BufferId root = root_of(spec_, matrix.buffer);
      if (!keeps_inputs_ && is_only_skipped(root)) matrix.input = root;
    }
    for (int segment = 0; segment < kSegments; segment++) {
      for (const Instruction& instruction : spec_.segments[segment]) {
        found_.made[segment].push_back(made_by(std::get_if<Gemm>(&instruction)));
      }
    }
    return std::move(found_);
  }

 private:
  // Marks are of all rows, which are there from the start of an input alone: not of what the same worker made of its
  // rows just before, as it may where the product is cut by rows.
  bool can_skip(const Gemm& gemm) const {
    if ((gemm.transpose_a && gemm.transpose_b) || gemm.accumulate) return false;
    const BufferId root = root_of(spec_, gemm.a);
    if (spec_.buffers[root].kind == BufferKind::kInput) return spec_.buffers[root].dtype == DType::kF32;
    if (!spec_.skips_zeros) return false;
    if (matrix_of(spec_.buffers[gemm.out].shape).cols.factor <= kPanelColumns) return false;
    const Instruction* const writer = only_writer_of(root);
    return writer && (std::holds_alternative<Dropout>(*writer) || leaves_zeros(std::get_if<Gemm>(writer), gemm.a));
  }

  // Null if there are others.
  const Instruction* only_writer_of(BufferId root) const {
    const Instruction* found = nullptr;
    int writers = 0;
    for (const auto& segment : spec_.segments) {
      for (const Instruction& instruction : segment) {
        for_each_operand(instruction, [&](const char*, Role role, bool, BufferId id) {
          if (id == kNoBuffer || role == Role::kIn || root_of(spec_, id) != root) return;
          found = &instruction, writers++;
        });
      }
    }
    return writers == 1 ? found : nullptr;
  }

  // Whether a product puts this matrix out, through a ReLU or its gradient.
  bool leaves_zeros(const Gemm* gemm, BufferId matrix) const {
    return gemm && gemm->function == PointwiseFunction::kRelu &&
           spec_.buffers[gemm->out].shape == spec_.buffers[matrix].shape;
  }

  int32_t made_by(const Gemm* gemm) {
    for (size_t i = 0; i < found_.matrices.size(); i++) {
      SkippedMatrix& matrix = found_.matrices[i];
      if (!gemm || root_of(spec_, gemm->out) != root_of(spec_, matrix.buffer)) continue;
      matrix.is_product = true;
      return static_cast<int32_t>(i);
    }
    return -1;
  }

  int32_t index_for(const Gemm& gemm) {
    auto& matrices = found_.matrices;
    auto at = std::find_if(matrices.begin(), matrices.end(), [&](const SkippedMatrix& matrix) {
      return root_of(spec_, matrix.buffer) == root_of(spec_, gemm.a) &&
             spec_.buffers[matrix.buffer].shape == spec_.buffers[gemm.a].shape;
    });
    if (at == matrices.end()) at = matrices.insert(at, {gemm.a, {}});
    at->products.push_back({gemm.out, gemm.transpose_a});
    return static_cast<int32_t>(at - matrices.begin());
  }

  // Whether `root` is an input, whose zeros are bytes of 0, and nothing reads it but products that can skip, as one
  // matrix.
  bool is_only_skipped(BufferId root) const {
    const BufferSpec& input = spec_.buffers[root];
    if (input.kind != BufferKind::kInput || input.offset != 0) return false;
    int32_t matrix = -1;
    bool only = true;
    for (int segment = 0; segment < kSegments; segment++) {
      for (size_t i = 0; i < spec_.segments[segment].size(); i++) {
        const int32_t skipped = found_.of[segment][i];
        for_each_operand(spec_.segments[segment][i], [&](const char* name, Role, bool, BufferId id) {
          if (id == kNoBuffer || root_of(spec_, id) != root) return;
          only = only && skipped >= 0 && !std::strcmp(name, "a") && (matrix < 0 || matrix == skipped);
          matrix = skipped;
        });
      }
    }
    return only;
  }

  const ProgramSpec& spec_;
  const bool keeps_inputs_;
  SkippedMatrices found_;
};

}  // namespace

SkippedMatrices find_skipped(const ProgramSpec& spec, bool keeps_inputs) { return Finder(spec, keeps_inputs).find(); }

bool Skipping::provide(const ProgramSpec& spec, const Plan& plan, int workers, int64_t rows, bool own_batches,
                       const BatchLists& lists) {
  own_batches_ = own_batches, workers_ = workers;
  matrices_.resize(plan.skipped.matrices.size());
  for (size_t i = 0; i < matrices_.size(); i++) {
    Matrix& matrix = matrices_[i];
    matrix.of = plan.skipped.matrices[i];
    matrix.is_list = lists.has(matrix.of.input);
    if (!matrix.is_list && !provide(&matrix, matrix_of(spec.buffers[matrix.of.buffer].shape), rows)) return false;
  }
  return true;
}

bool Skipping::provide(Matrix* matrix, MatrixSize size, int64_t rows) const {
  if (workers_ > matrix->worker_count) {
    matrix->workers.reset(new (std::nothrow) Worker[static_cast<size_t>(workers_)]);
    matrix->worker_count = matrix->workers ? workers_ : 0;
    matrix->size = 0;  // nothing is known of a batch before
    if (!matrix->workers) return false;
  }
  for (int i = 0; i < workers_; i++) {
    Worker& worker = matrix->workers[static_cast<size_t>(i)];
    const int64_t height = size.rows.at(rows), width = size.cols.at(rows);
    const bool may_be_own = i == 0 || !matrix->is_gathered() || own_batches_;
    if (may_be_own && !worker.nonzeros.allocate(height, width)) return false;
    if (!worker.of_columns.allocate(width, height)) return false;
  }
  return true;
}

void Skipping::begin(const KernelTable& kernels, const ProgramSpec& spec, const Plan& plan,
                     const Span& span) noexcept {
  kernels_ = &kernels, precision_ = spec.precision, skips_zeros_ = spec.skips_zeros;
  uint8_t bytes[256];
  for (int i = 0; i < 256; i++) bytes[i] = static_cast<uint8_t>(i);
  for (Matrix& matrix : matrices_) {
    matrix.may_be_bytes = false;
    for (size_t i = 0; i < plan.inputs.size(); i++) {
      matrix.may_be_bytes |= plan.inputs[i] == matrix.of.input && span.inputs[i].type == ElementType::kU8;
    }
    if (!matrix.may_be_bytes) continue;
    kernels.affine_u8(bytes, matrix.table, 256, spec.buffers[matrix.of.input].scale, 0);
    matrix.may_be_bytes = matrix.table[0] == 0;  // which it is not where the scale is not finite
  }
}

bool Skipping::may_find_zeros() const noexcept {
  const auto is_dense = [](const Matrix& matrix) { return !matrix.is_list; };
  return skips_zeros_ && std::any_of(matrices_.begin(), matrices_.end(), is_dense);
}

int64_t Skipping::count_of(const Matrix& matrix, int worker) const noexcept {
  if (!is_shared(matrix)) return matrix.workers[static_cast<size_t>(worker)].count;
  int64_t count = 0;
  for (int i = 0; i < workers_; i++) {
    const Worker& its = matrix.workers[static_cast<size_t>(i)];
    count += matrix.is_gathered() ? its.count : its.made_count;
  }
  return count;
}

bool Skipping::is_made(const Matrix& matrix) const noexcept {
  int64_t elements = 0;
  for (int i = 0; i < workers_; i++) elements += matrix.workers[static_cast<size_t>(i)].made;
  return elements == matrix.size;
}

// How a product is computed must not depend on the data where planes have other bits than multiply-adds: those that pay
// as planes skip nothing. Bytes stay bytes unless some product multiplies floats as planes, or zeros are not looked for
// and dense products of bytes would be slower.
void Skipping::choose(Matrix* matrix, const Context& context) const noexcept {
  const auto [rows, cols] = context.matrix(matrix->of.buffer);
  bool some = false, all = true, all_as_bytes = matrix->may_be_bytes;
  for (const SkippingProduct& product : matrix->of.products) {
    const int64_t m = product.transposed ? cols : rows, k = product.transposed ? rows : cols;
    const int64_t n = context.matrix(product.out).cols;
    const bool pays = uses_planes(*kernels_, precision_, m, n, k);
    some = some || pays, all = all && pays;
    all_as_bytes = all_as_bytes && uses_byte_planes(*kernels_, precision_, m, n, k);
  }
  const bool may_pay = skips_zeros_ && (!matrix->of.is_product || rows >= kLeastRowsMade);
  if (!all && !all_as_bytes && may_pay) choose_by_density(matrix);
  else matrix->is_looked_at = false;
  const bool bytes_pay = kernels_->gemm.bytes_pay || matrix->is_looked_at;
  matrix->is_bytes = all_as_bytes || (matrix->may_be_bytes && !some && bytes_pay);
}

// Not after a batch that was dense, for a while.
void Skipping::choose_by_density(Matrix* matrix) const noexcept {
  const Worker& driver = matrix->workers[0];
  const bool was_marked = is_shared(*matrix) || matrix->is_gathered() || driver.marked;
  const bool was_looked_at = matrix->is_looked_at && matrix->size > 0 && was_marked;
  const bool was_dense =
      was_looked_at && static_cast<double>(count_of(*matrix, 0)) > kDense * static_cast<double>(matrix->size);
  matrix->steps_not_looked = was_dense ? kStepsNotLooked : std::max(matrix->steps_not_looked - 1, 0);
  matrix->is_looked_at = matrix->steps_not_looked == 0;
}

SparseMatrix Skipping::at_hand(const Matrix& matrix, const Context& context, int worker) noexcept {
  const auto [rows, cols] = context.matrix(matrix.of.buffer);
  float* const floats = context.floats(matrix.of.buffer, worker);
  if (matrix.is_bytes) return {nullptr, reinterpret_cast<uint8_t*>(floats), matrix.table, rows, cols};
  return {floats, nullptr, nullptr, rows, cols};
}

void Skipping::begin_step(const Context& context) noexcept {
  for (Matrix& matrix : matrices_) {
    if (matrix.is_list) continue;
    choose(&matrix, context);
    matrix.size = context.matrix(matrix.of.buffer).size();
    for (int i = 0; i < workers_; i++) {
      Worker& worker = matrix.workers[static_cast<size_t>(i)];
      worker.count = worker.made = worker.made_count = 0, worker.marked = worker.turned = false;
      const bool begins = matrix.of.is_product ? i == 0 : matrix.is_gathered() && (i == 0 || own_batches_);
      if (begins) worker.nonzeros.begin(at_hand(matrix, context, i));
    }
  }
}

GatheredMarks Skipping::gathered(BufferId input, const Context& context, int worker) const noexcept {
  GatheredMarks marks;
  for (const Matrix& matrix : matrices_) {
    if (matrix.of.input != input || matrix.is_list) continue;
    marks.as_bytes = marks.as_bytes || matrix.is_bytes;
    if (!matrix.is_looked_at) continue;
    marks.nonzeros = &nonzeros_of(matrix, worker);
    marks.rows_each = context.matrix(matrix.of.buffer).rows / context.rows();
    marks.count = &matrix.workers[static_cast<size_t>(worker)].count;
  }
  return marks;
}

Nonzeros& Skipping::nonzeros_of(const Matrix& matrix, int worker) const noexcept {
  return matrix.workers[is_shared(matrix) ? 0 : static_cast<size_t>(worker)].nonzeros;
}

MarkedOutput Skipping::made(int32_t index, int number) const noexcept {
  const Matrix& matrix = matrices_[static_cast<size_t>(index)];
  if (!matrix.is_looked_at) return {};
  Worker& worker = matrix.workers[static_cast<size_t>(number)];
  return {&matrix.workers[0].nonzeros.of_rows(), 0, &worker.made_count, &worker.made};
}

void Skipping::set_bytes(int32_t index, const Context& context, int worker, GemmCall* call) const noexcept {
  const Matrix& matrix = matrices_[static_cast<size_t>(index)];
  if (matrix.is_list || !matrix.is_bytes) return;
  call->a = nullptr, call->a_bytes = at_hand(matrix, context, worker).bytes;
  call->a_table = matrix.table, call->a_scale = matrix.table[1];
}

std::optional<SkippedOperand> Skipping::operand(const KernelTable& kernels, const GemmCall& call, int32_t index,
                                                const Context& context, int number) const noexcept {
  const Matrix& matrix = matrices_[static_cast<size_t>(index)];
  if (!matrix.is_looked_at) return std::nullopt;
  Worker& worker = matrix.workers[static_cast<size_t>(number)];
  Nonzeros& nonzeros = nonzeros_of(matrix, number);
  if (!matrix.is_gathered() && !is_shared(matrix) && !worker.marked) {
    nonzeros.begin(at_hand(matrix, context, number));
    worker.count = nonzeros.mark(kernels.skipping, {0, nonzeros.matrix().rows});
    worker.marked = true;
  }
  const double density = static_cast<double>(count_of(matrix, number)) / static_cast<double>(matrix.size);
  const bool transposed = call.a_row == 1, has_like_columns = !matrix.of.is_product;
  if (!skipping_pays(kernels, call, has_like_columns, density)) return std::nullopt;
  if (transposed && !worker.turned) nonzeros.turn(kernels.skipping, &worker.of_columns), worker.turned = true;
  return SkippedOperand{nonzeros.matrix(), transposed ? worker.of_columns : nonzeros.of_rows(), transposed, 0,
                        has_like_columns};
}

}  // namespace quern
