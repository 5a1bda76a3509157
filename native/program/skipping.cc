#include "program/skipping.h"

#include <algorithm>
#include <cstring>

#include "gemm/panels.h"
#include "gemm/skipping_gemm.h"
#include "program/context.h"
#include "program/operands.h"
#include "program/span.h"

namespace quern {
namespace {

// Above this density a batch is not looked at again for so many steps: the next ones will be as dense.
constexpr double kDense = 0.9;
constexpr int kStepsNotLooked = 7;

class Finder {
 public:
  Finder(const ProgramSpec& spec, bool keeps_inputs) : spec_(spec), keeps_inputs_(keeps_inputs) {}

  SkippedMatrices find() {
    for (int segment = 0; segment < kSegments; segment++) {
      for (const Instruction& instruction : spec_.segments[segment]) {
        const Gemm* const gemm = std::get_if<Gemm>(&instruction);
        found_.of[segment].push_back(gemm && can_skip(*gemm) ? index_of(gemm->a) : -1);
      }
    }
    for (SkippedMatrix& matrix : found_.matrices) {
      const BufferId root = root_of(spec_, matrix.buffer);
      if (!keeps_inputs_ && is_only_skipped(root)) matrix.input = root;
    }
    return std::move(found_);
  }

 private:
  // Marks are of all rows, which are there from the start of an input alone: not of what the same worker made of its
  // rows just before, as it may where the product is cut by rows.
  bool can_skip(const Gemm& gemm) const {
    if (!spec_.skips_zeros || gemm.transpose_b || gemm.accumulate) return false;
    const BufferId root = root_of(spec_, gemm.a);
    if (spec_.buffers[root].kind == BufferKind::kInput) return spec_.buffers[root].dtype == DType::kF32;
    return matrix_of(spec_.buffers[gemm.out].shape).cols.factor > kPanelColumns && is_dropped_out(root);
  }

  bool is_dropped_out(BufferId root) const {
    return std::any_of(std::begin(spec_.segments), std::end(spec_.segments), [&](const auto& segment) {
      return std::any_of(segment.begin(), segment.end(), [&](const Instruction& instruction) {
        const Dropout* const dropout = std::get_if<Dropout>(&instruction);
        return dropout && root_of(spec_, dropout->out) == root;
      });
    });
  }

  int32_t index_of(BufferId buffer) {
    auto& matrices = found_.matrices;
    const auto at = std::find_if(matrices.begin(), matrices.end(), [&](const SkippedMatrix& matrix) {
      return root_of(spec_, matrix.buffer) == root_of(spec_, buffer) &&
             spec_.buffers[matrix.buffer].shape == spec_.buffers[buffer].shape;
    });
    const auto index = static_cast<int32_t>(at - matrices.begin());
    if (at == matrices.end()) matrices.push_back({buffer});
    return index;
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

bool Skipping::provide(const ProgramSpec& spec, const Plan& plan, int workers, int64_t rows,
                       const BatchLists& lists) {
  matrices_.resize(plan.skipped.matrices.size());
  for (size_t i = 0; i < matrices_.size(); i++) {
    Matrix& matrix = matrices_[i];
    matrix.of = plan.skipped.matrices[i];
    const MatrixSize size = matrix_of(spec.buffers[matrix.of.buffer].shape);
    if (matrix.marks.size() < static_cast<size_t>(workers)) matrix.marks.resize(static_cast<size_t>(workers));
    if (lists.has(matrix.of.input)) continue;
    for (Marks& marks : matrix.marks) {
      if (!marks.nonzeros.allocate(size.rows.at(rows), size.cols.at(rows))) return false;
    }
  }
  return true;
}

void Skipping::begin(const KernelTable& kernels, const ProgramSpec& spec, const Plan& plan,
                     const Span& span) noexcept {
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

bool Skipping::takes_bytes(BufferId input) const noexcept {
  return std::any_of(matrices_.begin(), matrices_.end(),
                     [&](const Matrix& matrix) { return matrix.is_bytes && matrix.of.input == input; });
}

// As bytes after a batch that was sparse, which the next one will then be too; if it turns out not to be, skipping its
// few zeros is slower, once.
void Skipping::choose_form() noexcept {
  for (Matrix& matrix : matrices_) {
    const Marks& last = matrix.marks[0];
    matrix.is_bytes = matrix.may_be_bytes && last.are_found && last.paid;
  }
}

void Skipping::begin_step(int worker) noexcept {
  for (Matrix& matrix : matrices_) {
    Marks& marks = matrix.marks[static_cast<size_t>(worker)];
    const bool was_dense = marks.are_found && marks.nonzeros.density() > kDense;
    marks.steps_not_looked = was_dense ? kStepsNotLooked : std::max(marks.steps_not_looked - 1, 0);
    marks.are_found = false;
  }
}

Nonzeros* Skipping::nonzeros(const KernelTable& kernels, const GemmCall& call, int32_t matrix, const Context& context,
                             int worker) noexcept {
  Matrix& skipped = matrices_[static_cast<size_t>(matrix)];
  Marks& marks = skipped.marks[static_cast<size_t>(worker)];
  if (marks.steps_not_looked > 0 && !skipped.is_bytes) return nullptr;
  if (!marks.are_found) {
    const auto [rows, cols] = context.matrix(skipped.of.buffer);
    const float* const floats = context.floats(skipped.of.buffer, worker);
    SparseMatrix of{floats, nullptr, nullptr, rows, cols};
    if (skipped.is_bytes) of = {nullptr, reinterpret_cast<const uint8_t*>(floats), skipped.table, rows, cols};
    marks.nonzeros.find(kernels.skipping, of);
    marks.are_found = marks.paid = true;
  }
  const bool pays = skipping_pays(kernels, call, marks.nonzeros.density());
  marks.paid = marks.paid && pays;
  return pays || skipped.is_bytes ? &marks.nonzeros : nullptr;
}

}  // namespace quern
