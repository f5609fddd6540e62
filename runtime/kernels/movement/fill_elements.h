// One element, written over and over.

#ifndef SOTTO_RUNTIME_KERNELS_MOVEMENT_FILL_ELEMENTS_H_
#define SOTTO_RUNTIME_KERNELS_MOVEMENT_FILL_ELEMENTS_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace sotto::runtime {

// The bytes of one element; at most 8.
struct Element {
  std::uint8_t bytes[8] = {};
  std::size_t size = 0;
};

inline Element ElementFrom(const void* data, std::size_t size) {
  Element element;
  element.size = size;
  std::memcpy(element.bytes, data, size);
  return element;
}

// Returns the end of what it wrote.
inline std::uint8_t* FillElements(std::uint8_t* to, std::size_t count,
                                  const Element& element) {
  bool uniform = true;
  for (std::size_t i = 1; i < element.size; ++i) {
    uniform = uniform && element.bytes[i] == element.bytes[0];
  }
  const std::size_t bytes = count * element.size;
  if (bytes == 0) return to;
  if (uniform) {
    std::memset(to, element.bytes[0], bytes);
    return to + bytes;
  }
  std::memcpy(to, element.bytes, element.size);
  // What is written is copied behind itself, twice as much each time.
  for (std::size_t done = element.size; done < bytes;) {
    const std::size_t more = done < bytes - done ? done : bytes - done;
    std::memcpy(to + done, to, more);
    done += more;
  }
  return to + bytes;
}

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_MOVEMENT_FILL_ELEMENTS_H_
