// The rows of a folder's table that a program wants: all, or those of the
// operators that SOTTO_SELECTED_OPERATORS lists (sotto_select_operators of
// cmake/selection.cmake defines it). Rows that are left out exist only while
// compiling, so the linker never sees their kernels.

#ifndef SOTTO_RUNTIME_KERNELS_SELECTION_H_
#define SOTTO_RUNTIME_KERNELS_SELECTION_H_

#include <array>
#include <cstddef>

#include "runtime/kernels/registry.h"

namespace sotto::runtime {

#if defined(SOTTO_SELECTED_OPERATORS)

constexpr bool IsSelected(OpCode code) {
  for (const OpCode selected : {SOTTO_SELECTED_OPERATORS}) {
    if (selected == code) return true;
  }
  return false;
}

template <const auto& kRows>
constexpr std::size_t CountSelected() {
  std::size_t count = 0;
  for (const KernelRow& row : kRows) count += IsSelected(row.code);
  return count;
}

template <const auto& kRows>
constexpr auto CopySelected() {
  std::array<KernelRow, CountSelected<kRows>()> chosen = {};
  std::size_t count = 0;
  for (const KernelRow& row : kRows) {
    if (IsSelected(row.code)) chosen[count++] = row;
  }
  return chosen;
}

template <const auto& kRows>
constexpr auto kChosen = CopySelected<kRows>();

template <const auto& kRows>
KernelTable SelectedRows() {
  return kChosen<kRows>;
}

#else

template <const auto& kRows>
KernelTable SelectedRows() {
  return kRows;
}

#endif

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_SELECTION_H_
