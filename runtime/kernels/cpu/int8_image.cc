#include "runtime/kernels/cpu/int8_image.h"

#include "runtime/kernels/cpu/int8_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/kernels/cpu/int8_image.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include <algorithm>
#include <cstring>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace sotto::runtime {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// At least one whole vector of `d`; the last one overlaps that before it.
template <class D>
HWY_INLINE void CopyVectors(D d, const std::uint8_t* HWY_RESTRICT in,
                            std::size_t size, std::uint8_t flip,
                            std::uint8_t* HWY_RESTRICT out) {
  const std::size_t lanes = hn::Lanes(d);
  const auto mask = hn::Set(d, flip);
  const auto copy = [&](std::size_t at) HWY_ATTR {
    hn::StoreU(hn::Xor(hn::LoadU(d, in + at), mask), d, out + at);
  };
  std::size_t i = 0;
  for (; i + lanes <= size; i += lanes) copy(i);
  if (i < size) copy(size - lanes);
}

HWY_INLINE void CopyFlipped(const std::uint8_t* HWY_RESTRICT in,
                            std::size_t size, std::uint8_t flip,
                            std::uint8_t* HWY_RESTRICT out) {
  const hn::ScalableTag<std::uint8_t> d;
  const hn::CappedTag<std::uint8_t, 16> d16;
  const hn::CappedTag<std::uint8_t, 4> d4;
  if (size >= hn::Lanes(d)) {
    CopyVectors(d, in, size, flip, out);
  } else if (size >= hn::Lanes(d16)) {
    CopyVectors(d16, in, size, flip, out);
  } else if (size >= hn::Lanes(d4)) {
    CopyVectors(d4, in, size, flip, out);
  } else {
    for (std::size_t i = 0; i < size; ++i) {
      out[i] = static_cast<std::uint8_t>(in[i] ^ flip);
    }
  }
}

void CopyImpl(const std::uint8_t* in, std::size_t size, std::uint8_t flip,
              std::uint8_t* out) {
  CopyFlipped(in, size, flip, out);
}

void CopyLinesImpl(const Int8Image& v, const std::uint8_t* image,
                   std::int64_t first, std::size_t lines, std::uint8_t flip,
                   std::uint8_t padding, std::uint8_t* out) {
  const Window& w = v.window;
  const auto channels = static_cast<std::size_t>(w.channels);
  const std::size_t in_line = static_cast<std::size_t>(w.in_w) * channels;
  const std::size_t left =
      std::min(v.line_bytes, channels * static_cast<std::size_t>(w.pad_left));
  const std::size_t middle = std::min(in_line, v.line_bytes - left);
  const std::size_t right = v.line_bytes - left - middle;
  if (left == 0 && middle == in_line && right == 0) {
    // Lines lie one after another in both.
    const std::int64_t begin = std::clamp<std::int64_t>(first, 0, w.in_h);
    const std::int64_t end = std::clamp<std::int64_t>(
        first + static_cast<std::int64_t>(lines), begin, w.in_h);
    const std::size_t above =
        std::min(lines, static_cast<std::size_t>(begin - first)) * in_line;
    const std::size_t inside = static_cast<std::size_t>(end - begin) * in_line;
    const std::size_t below = lines * in_line - above - inside;
    if (above > 0) std::memset(out, padding, above);
    CopyFlipped(image + static_cast<std::size_t>(begin) * in_line, inside, flip,
                out + above);
    if (below > 0) std::memset(out + above + inside, padding, below);
    return;
  }
  for (std::size_t i = 0; i < lines; ++i, out += v.line_bytes) {
    const std::int64_t y = first + static_cast<std::int64_t>(i);
    if (y < 0 || y >= w.in_h) {
      std::memset(out, padding, v.line_bytes);
      continue;
    }
    if (left > 0) std::memset(out, padding, left);
    CopyFlipped(image + static_cast<std::size_t>(y) * in_line, middle, flip,
                out + left);
    if (right > 0) std::memset(out + left + middle, padding, right);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace sotto::runtime
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sotto::runtime {

HWY_EXPORT(CopyImpl);
HWY_EXPORT(CopyLinesImpl);

void CopyInt8(const std::uint8_t* in, std::size_t size, std::uint8_t flip,
              std::uint8_t* out) {
  HWY_DYNAMIC_DISPATCH(CopyImpl)(in, size, flip, out);
}

void Int8Image::Copy(const std::uint8_t* image, std::size_t first,
                     std::size_t count, std::uint8_t flip, std::uint8_t padding,
                     std::uint8_t* out) const {
  HWY_DYNAMIC_DISPATCH(CopyLinesImpl)
  (*this, image,
   static_cast<std::int64_t>(first) * window.stride_h - window.pad_top,
   InputLines(count), flip, padding, out);
}

}  // namespace sotto::runtime
#endif  // HWY_ONCE
