#include "watermark/detect/assignment.h"

#include <limits>
#include <utility>

namespace sotto::watermark {
namespace {

// rows <= columns. One row a turn is inserted along the shortest augmenting
// path in reduced costs; index 0 is the virtual start, hence the +1s.
std::vector<std::size_t> AssignWide(const std::vector<double>& cost,
                                    std::size_t rows, std::size_t columns) {
  std::vector<double> row_potential(rows + 1), column_potential(columns + 1);
  std::vector<std::size_t> row_of(columns + 1), way(columns + 1);
  for (std::size_t row = 1; row <= rows; ++row) {
    row_of[0] = row;
    std::size_t column = 0;
    std::vector<double> least(columns + 1,
                              std::numeric_limits<double>::infinity());
    std::vector<bool> used(columns + 1);
    do {
      used[column] = true;
      const std::size_t from = row_of[column];
      double delta = std::numeric_limits<double>::infinity();
      std::size_t next = 0;
      for (std::size_t c = 1; c <= columns; ++c) {
        if (used[c]) continue;
        const double reduced = cost[(from - 1) * columns + c - 1] -
                               row_potential[from] - column_potential[c];
        if (reduced < least[c]) {
          least[c] = reduced;
          way[c] = column;
        }
        if (least[c] < delta) {
          delta = least[c];
          next = c;
        }
      }
      for (std::size_t c = 0; c <= columns; ++c) {
        if (used[c]) {
          row_potential[row_of[c]] += delta;
          column_potential[c] -= delta;
        } else {
          least[c] -= delta;
        }
      }
      column = next;
    } while (row_of[column] != 0);
    while (column != 0) {
      row_of[column] = row_of[way[column]];
      column = way[column];
    }
  }
  std::vector<std::size_t> assigned(rows, kUnassigned);
  for (std::size_t c = 1; c <= columns; ++c) {
    if (row_of[c] != 0) assigned[row_of[c] - 1] = c - 1;
  }
  return assigned;
}

}  // namespace

std::vector<std::size_t> Assign(const std::vector<double>& cost,
                                std::size_t rows, std::size_t columns) {
  if (rows <= columns) return AssignWide(cost, rows, columns);
  std::vector<double> turned(cost.size());
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) {
      turned[c * rows + r] = cost[r * columns + c];
    }
  }
  std::vector<std::size_t> assigned(rows, kUnassigned);
  const std::vector<std::size_t> back = AssignWide(turned, columns, rows);
  for (std::size_t c = 0; c < columns; ++c) assigned[back[c]] = c;
  return assigned;
}

}  // namespace sotto::watermark
