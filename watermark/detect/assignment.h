// The linear assignment problem (Kuhn 1955, Munkres 1957), by shortest
// augmenting paths with potentials.

#ifndef SOTTO_WATERMARK_DETECT_ASSIGNMENT_H_
#define SOTTO_WATERMARK_DETECT_ASSIGNMENT_H_

#include <cstddef>
#include <vector>

namespace sotto::watermark {

inline constexpr std::size_t kUnassigned = static_cast<std::size_t>(-1);

// cost[r * columns + c]. Returns the column of each row, all different, with
// the least total cost; when there are fewer columns than rows, every column is
// used and the rows left over get kUnassigned. O(min^2 * max).
std::vector<std::size_t> Assign(const std::vector<double>& cost,
                                std::size_t rows, std::size_t columns);

}  // namespace sotto::watermark

#endif  // SOTTO_WATERMARK_DETECT_ASSIGNMENT_H_
