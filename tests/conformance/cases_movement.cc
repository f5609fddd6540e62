// Operators that move elements and compute nothing: shapes, pieces, borders.

#include "tests/conformance/case.h"

namespace sotto::conformance {
namespace {

Quantization Of(ElementType type) {
  if (type == kI8 || type == kU8) return Scale(0.05f, type == kU8 ? 120 : 7);
  if (type == kI16) return Scale(0.001f);
  return {};
}
Operand In(ElementType type, Dims dims) {
  return Input(type, std::move(dims), Of(type));
}
Operand Out(ElementType type) { return Output(type, Of(type)); }
Operand Ints(std::vector<double> values) {
  const auto count = static_cast<std::int32_t>(values.size());
  return Values(kI32, {count}, std::move(values));
}

// int8 came with version 2 where an operator looks at its type.
std::int32_t Version(OpCode code, ElementType type) {
  switch (code) {
    case OpCode::kBroadcastTo:
      return 2;
    case OpCode::kReshape:
    case OpCode::kSqueeze:
    case OpCode::kExpandDims:
    case OpCode::kDepthToSpace:
      return 1;
    default:
      return type == kI8 ? 2 : 1;
  }
}

class Collector {
 public:
  // One case per type; `inputs` and `outputs` make their operands of it.
  template <typename Inputs>
  void Add(const std::string& name, OpCode code,
           const std::vector<ElementType>& types, const Options& options,
           const Inputs& inputs, std::size_t outputs = 1) {
    for (const ElementType type : types) {
      OpSpec spec = {.name = name + "_" + TypeName(type),
                     .code = code,
                     .version = Version(code, type),
                     .options = options,
                     .inputs = inputs(type),
                     .outputs = {}};
      for (std::size_t i = 0; i < outputs; ++i)
        spec.outputs.push_back(Out(type));
      cases.push_back(OneOp(spec));
    }
  }
  std::vector<Case> cases;
};

using T = ElementType;
using Operands = std::vector<Operand>;

void AddShapes(Collector& c) {
  const std::vector<T> types = {kF32, kI8, kI32};
  Options to_6x4;
  to_6x4.has_new_shape = true;
  to_6x4.new_shape = {.rank = 2, .dims = {6, -1}};
  c.Add("reshape_option", OpCode::kReshape, types, to_6x4, [](T t) {
    return Operands{In(t, {2, 3, 4})};
  });
  c.Add("reshape_tensor", OpCode::kReshape, types, {}, [](T t) {
    return Operands{In(t, {2, 3, 4}), Ints({-1, 8})};
  });
  c.Add("squeeze_all", OpCode::kSqueeze, types, {}, [](T t) {
    return Operands{In(t, {1, 3, 1, 4})};
  });
  Options squeeze;
  squeeze.has_new_shape = true;
  squeeze.new_shape = {.rank = 1, .dims = {-2}};
  c.Add("squeeze_one", OpCode::kSqueeze, types, squeeze, [](T t) {
    return Operands{In(t, {1, 3, 1, 4})};
  });
  c.Add("expand_dims", OpCode::kExpandDims, types, {}, [](T t) {
    return Operands{In(t, {3, 4}), Values(kI32, {1}, {-2})};
  });
  c.Add("transpose", OpCode::kTranspose, {kF32, kI8, kI32, kI16}, {}, [](T t) {
    return Operands{In(t, {2, 3, 4, 5}), Ints({2, 0, 3, 1})};
  });
  c.Add("transpose_2d", OpCode::kTranspose, types, {}, [](T t) {
    return Operands{In(t, {9, 13}), Ints({1, 0})};
  });
  for (const T out : {kI32, kI64}) {
    Options options;
    options.out_type = out;
    c.cases.push_back(OneOp({.name = "shape_as_" + TypeName(out),
                             .code = OpCode::kShape,
                             .options = options,
                             .inputs = {Input(kF32, {2, 3, 4})},
                             .outputs = {Output(out)}}));
  }
  c.cases.push_back(OneOp({.name = "rank",
                           .code = OpCode::kRank,
                           .inputs = {Input(kF32, {2, 3, 4})},
                           .outputs = {Output(kI32)}}));
  c.Add("broadcast_to", OpCode::kBroadcastTo, types, {}, [](T t) {
    return Operands{In(t, {3, 1}), Ints({2, 3, 4})};
  });
  c.Add("tile", OpCode::kTile, {kF32, kI8, kI32, kI64}, {}, [](T t) {
    return Operands{In(t, {2, 3, 2}), Ints({2, 1, 3})};
  });
}

void AddPieces(Collector& c) {
  const std::vector<T> types = {kF32, kI8, kU8, kI16, kI32};
  for (const std::int32_t axis : {0, 1, -1}) {
    Options options;
    options.axis = axis;
    const std::string suffix = axis < 0 ? "last" : std::to_string(axis);
    c.Add("concatenation_axis_" + suffix, OpCode::kConcatenation, types,
          options, [axis](T t) {
            Dims second = {2, 3, 4};
            second[static_cast<std::size_t>(axis < 0 ? 2 : axis)] = 5;
            return Operands{In(t, {2, 3, 4}), In(t, second), In(t, {2, 3, 4})};
          });
    options.count = 3;
    c.Add("pack_axis_" + suffix, OpCode::kPack, {kF32, kI8, kI32, kI64},
          options, [](T t) {
            return Operands{In(t, {2, 5}), In(t, {2, 5}), In(t, {2, 5})};
          });
    c.Add(
        "unpack_axis_" + suffix, OpCode::kUnpack, {kF32, kI8, kI32}, options,
        [](T t) {
          return Operands{In(t, {3, 3, 3})};
        },
        3);
    c.Add(
        "split_axis_" + suffix, OpCode::kSplit, types, options,
        [axis](T t) {
          return Operands{Values(kI32, {}, {double(axis)}), In(t, {3, 6, 3})};
        },
        3);
    c.Add(
        "split_v_axis_" + suffix, OpCode::kSplitV, {kF32, kI8, kI32}, options,
        [axis](T t) {
          return Operands{In(t, {6, 6, 6}), Ints({1, -1, 3}),
                          Values(kI32, {}, {double(axis)})};
        },
        3);
  }
  c.Add("slice", OpCode::kSlice, types, {}, [](T t) {
    return Operands{In(t, {4, 5, 3}), Ints({1, 2, 0}), Ints({2, -1, 2})};
  });
  struct Strided {
    std::string name;
    std::vector<double> begin, end, strides;
    std::int32_t begin_mask = 0, end_mask = 0, shrink = 0, ellipsis = 0,
                 new_axis = 0;
  };
  for (const Strided& s :
       {Strided{"plain", {0, 1, 0}, {2, 5, 3}, {1, 2, 1}},
        Strided{"negative", {-1, 4, 2}, {0, 0, 0}, {-1, -2, -1}, 0, 4},
        Strided{"masked", {1, 1, 1}, {3, 3, 3}, {1, 1, 1}, 1, 2},
        Strided{"shrunk", {1, 2, 0}, {2, 3, 3}, {1, 1, 1}, 0, 0, 3},
        Strided{"ellipsis", {0, 1}, {0, 3}, {1, 1}, 0, 0, 0, 1},
        Strided{"new_axis", {0, 1, 0}, {0, 3, 2}, {1, 1, 1}, 0, 0, 0, 0, 1}}) {
    Options options;
    options.begin_mask = s.begin_mask;
    options.end_mask = s.end_mask;
    options.shrink_axis_mask = s.shrink;
    options.ellipsis_mask = s.ellipsis;
    options.new_axis_mask = s.new_axis;
    c.Add("strided_slice_" + s.name, OpCode::kStridedSlice, {kF32, kI8, kI32},
          options, [&s](T t) {
            return Operands{In(t, {4, 5, 3}), Ints(s.begin), Ints(s.end),
                            Ints(s.strides)};
          });
  }
  c.Add("reverse_v2", OpCode::kReverseV2, {kF32, kI32, kI64}, {}, [](T t) {
    return Operands{In(t, {3, 4, 5}), Ints({1})};
  });
  c.Add("dynamic_update_slice", OpCode::kDynamicUpdateSlice, {kF32, kI8, kI32},
        {}, [](T t) {
          return Operands{In(t, {4, 5}), In(t, {2, 3}),
                          Input(kI32, {2}, Range{0, 4})};
        });
}

void AddBorders(Collector& c) {
  const std::vector<T> types = {kF32, kI8, kU8, kI32};
  const auto margins = [] {
    return Values(kI32, {4, 2}, {0, 0, 1, 2, 0, 3, 1, 0});
  };
  c.Add("pad", OpCode::kPad, types, {}, [&](T t) {
    return Operands{In(t, {1, 3, 2, 4}), margins()};
  });
  c.Add("pad_v2", OpCode::kPadv2, types, {}, [&](T t) {
    return Operands{In(t, {1, 3, 2, 4}), margins(), Values(t, {1}, {5}, Of(t))};
  });
  for (const bool symmetric : {false, true}) {
    Options options;
    options.symmetric = symmetric;
    c.Add(symmetric ? "mirror_pad_symmetric" : "mirror_pad_reflect",
          OpCode::kMirrorPad, {kF32, kI8, kI32}, options, [](T t) {
            return Operands{In(t, {3, 4}), Values(kI32, {2, 2}, {2, 1, 0, 2})};
          });
  }
  Options two;
  two.block_size = 2;
  c.Add("space_to_depth", OpCode::kSpaceToDepth, types, two, [](T t) {
    return Operands{In(t, {1, 4, 6, 3})};
  });
  c.Add("depth_to_space", OpCode::kDepthToSpace, types, two, [](T t) {
    return Operands{In(t, {1, 2, 3, 12})};
  });
  c.Add("space_to_batch_nd", OpCode::kSpaceToBatchNd, types, {}, [](T t) {
    return Operands{In(t, {1, 4, 5, 2}), Ints({2, 3}),
                    Values(kI32, {2, 2}, {0, 0, 1, 0})};
  });
  c.Add("batch_to_space_nd", OpCode::kBatchToSpaceNd, types, {}, [](T t) {
    return Operands{In(t, {6, 2, 2, 2}), Ints({2, 3}),
                    Values(kI32, {2, 2}, {0, 0, 1, 0})};
  });
}

}  // namespace

std::vector<Case> MovementCases() {
  Collector c;
  AddShapes(c);
  AddPieces(c);
  AddBorders(c);
  return std::move(c.cases);
}

}  // namespace sotto::conformance
